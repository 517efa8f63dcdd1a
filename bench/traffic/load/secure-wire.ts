// The same as `wire.ts` over TLS and HTTP/2: a separate session, one request at a time, and no retries.

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Ended, Line } from './wire.ts';

const answerLimitMs = 15_000;

/** To a server whose certificate names `localhost` and is its own authority, in PEM. */
export function openSecureLine(port: number, authority: string): Line {
  const session = connect(`https://localhost:${port}`, { ca: authority });
  let problem = 'the session was closed';
  let usable = true;
  session.on('error', (error: Error) => {
    problem = error.message;
  });
  // After GOAWAY the session takes no request any more.
  for (const end of ['error', 'goaway', 'close'])
    session.on(end, () => {
      usable = false;
    });
  return {
    usable: () => usable && !session.closed && !session.destroyed,
    ask: (head, body) => ask({ session, head, body, why: () => problem }),
    close: () => session.destroy(),
  };
}

interface Asked {
  readonly session: ClientHttp2Session;
  /** As HTTP/1.1 writes it. */
  readonly head: string;
  readonly body: Buffer | undefined;
  /** Why the session has ended. */
  readonly why: () => string;
}

function ask({ session, head, body, why }: Asked): Promise<Ended> {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request(headersOf(head));
  } catch {
    return Promise.resolve({ kind: 'broken', began: false, problem: why() });
  }
  const received: Buffer[] = [];
  let answer: { readonly status: number; readonly head: string; readonly length: number } | undefined;
  let problem: string | undefined;
  stream.on('response', (headers) => {
    const lines = Object.entries(headers).map(([name, value]) => `\r\n${name}: ${String(value)}`);
    answer = {
      status: headers[':status'] ?? 0,
      head: lines.join(''),
      length: Number(headers['content-length'] ?? Number.NaN),
    };
  });
  stream.on('data', (chunk: Buffer) => received.push(chunk));
  stream.on('error', (error) => {
    problem = error.message;
  });
  stream.setTimeout(answerLimitMs, () => {
    problem = `no whole answer within ${answerLimitMs / 1_000} s`;
    stream.close();
  });
  stream.end(body);
  return new Promise((resolve) => {
    stream.on('close', () => {
      const whole = Buffer.concat(received);
      if (answer !== undefined && problem === undefined && whole.length === answer.length)
        resolve({ kind: 'answered', answer: { status: answer.status, head: answer.head, body: whole } });
      else resolve({ kind: 'broken', began: answer !== undefined, problem: problem ?? why() });
    });
  });
}

function headersOf(head: string): Readonly<Record<string, string>> {
  const [first = '', ...lines] = head.trimEnd().split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const fields = lines.map((line) => {
    const [name = '', value = ''] = line.split(/: *(.*)/s);
    return [name.toLowerCase() === 'host' ? ':authority' : name.toLowerCase(), value] as const;
  });
  return { ':method': method, ':path': path, ...Object.fromEntries(fields) };
}
