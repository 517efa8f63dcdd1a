// Users who ask again and again: on a connection that they keep, on a fresh one each time, or for something that lasts.

import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { nowMs, pattern, patternBytes } from './pattern.ts';
import { type Asked, type Recorder, troubleOf } from './records.ts';
import { headerOf, type Line } from './wire.ts';

export interface Crowd {
  readonly port: number;
  readonly open: () => Line;
  readonly recorder: Recorder;
  readonly over: AbortSignal;
}

const slowMs = 2_000;
const maxPageBytes = 16_384;
let number = 0;
/** What the balancer gave to each user. */
const keys: string[] = [];

/** One connection for as long as the other side keeps it, with pauses in which it is idle. */
export async function keepAsking(crowd: Crowd, user: number, thinkMs: number): Promise<void> {
  let line: Line | undefined;
  await rest(crowd, Math.random() * thinkMs * 2);
  while (!crowd.over.aborted) {
    if (!line?.usable()) {
      line?.close();
      line = crowd.open();
    }
    await askOnce(crowd, line, { user, slow: false, post: number % 2 === 0, fresh: false });
    await rest(crowd, Math.random() * thinkMs * 2);
  }
  line?.close();
}

export async function askAfresh(crowd: Crowd, users: readonly number[], thinkMs: number): Promise<void> {
  while (!crowd.over.aborted) {
    const line = crowd.open();
    const user = users[Math.floor(Math.random() * users.length)] ?? 0;
    await askOnce(crowd, line, { user, slow: false, post: number % 2 === 0, fresh: true });
    line.close();
    await rest(crowd, Math.random() * thinkMs * 2);
  }
}

export async function askSlowly(crowd: Crowd, user: number): Promise<void> {
  while (!crowd.over.aborted) {
    const line = crowd.open();
    await askOnce(crowd, line, { user, slow: true, post: false, fresh: true });
    line.close();
    await rest(crowd, 100);
  }
}

async function askOnce({ recorder }: Crowd, line: Line, asked: Asked): Promise<void> {
  const id = `q-${process.pid}-${number++}`;
  const { head, body, expects } = asked.post ? post() : asked.slow ? get(`/slow/${slowMs}`, 4_096) : page();
  const started = nowMs();
  const ended = await line.ask(
    `${head} HTTP/1.1\r\nHost: shop.example.com\r\nCookie: ${keys[asked.user] ?? `bg_bucket=user-${asked.user}`}\r\nX-Request-Id: ${id}\r\n${body === undefined ? '' : `Content-Length: ${body.length}\r\n`}\r\n`,
    body,
  );
  const answered = ended.kind === 'answered' ? ended.answer.head : '';
  const given = headerOf(answered, 'set-cookie');
  // The first that comes stays: two requests of a new user may be under way at once.
  if (given !== undefined) keys[asked.user] ??= given.split(';')[0] ?? '';
  const slot = headerOf(answered, 'x-slot');
  recorder.record(asked, { started, ended: nowMs() }, slot);
  const trouble = troubleOf(ended, { id, body: expects });
  if (trouble !== undefined)
    recorder.trouble(
      trouble.what,
      `${head} of user ${asked.user} on a ${asked.fresh ? 'fresh' : 'kept'} connection: ${trouble.problem}`,
    );
}

interface Question {
  readonly head: string;
  readonly body: Buffer | undefined;
  readonly expects: (answer: Buffer) => boolean;
}

function page(): Question {
  const bytes = 1 + Math.floor(Math.random() * maxPageBytes);
  return get(`/page/${bytes}`, bytes);
}

const get = (path: string, bytes: number): Question => ({
  head: `GET ${path}`,
  body: undefined,
  expects: (answer) => answer.equals(pattern.subarray(0, bytes)),
});

function post(): Question {
  const from = Math.floor(Math.random() * patternBytes);
  const body = pattern.subarray(from, from + 1 + Math.floor(Math.random() * patternBytes));
  const right = `${body.length} ${crc32(body)}`;
  return { head: 'POST /orders', body, expects: (answer) => answer.toString('latin1') === right };
}

/** Returns at once when all is over. */
const rest = ({ over }: Crowd, ms: number): Promise<void> => delay(ms, undefined, { signal: over }).catch(() => {});
