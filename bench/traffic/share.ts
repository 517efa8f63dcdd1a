// Does a weight give its share of users, always the same ones, and does raising it keep all users who were there?

import { rmSync } from 'node:fs';
import { headerOf, type Line, openLine } from './load/wire.ts';
import { type Ground, type Mechanism, userCookie } from './proxies/proxy.ts';

export interface ShareTrial {
  readonly proxy: Mechanism;
  readonly users: number;
  readonly rows: readonly ShareRow[];
}

export interface ShareRow {
  readonly percent: number;
  /** Users on green at their first visit. */
  readonly green: number;
  /** The binomial 99 % band. */
  readonly least: number;
  readonly most: number;
  /** Users on another side at their second visit. */
  readonly flips: number;
  /** Users on green at the weight before, and not at this one. */
  readonly leavers: number;
}

export const shareWeights = [1, 10, 33, 50] as const;
const userCount = 10_000;
const hands = 16;
/** Of the normal distribution: 99 % lie within so many standard deviations. */
const within99 = 2.5758;

export async function tryShares(proxy: Mechanism, ground: Ground, signal: AbortSignal): Promise<ShareTrial> {
  const running = await proxy.start(ground);
  try {
    const rows: ShareRow[] = [];
    let before: readonly string[] = [];
    const keys: string[] = [];
    for (const percent of shareWeights) {
      if (running.weigh === undefined) throw new Error(`${proxy.name} has no shares`);
      await running.weigh(percent);
      const first = await sidesOf(ground.port, keys, signal);
      const second = await sidesOf(ground.port, keys, signal);
      rows.push(rowOf(percent, { before, first, second }));
      before = first;
    }
    return { proxy, users: userCount, rows };
  } finally {
    await running.stop();
    rmSync(ground.folder, { recursive: true, force: true });
  }
}

interface Visits {
  readonly before: readonly string[];
  readonly first: readonly string[];
  readonly second: readonly string[];
}

function rowOf(percent: number, { before, first, second }: Visits): ShareRow {
  const share = percent / 100;
  const spread = within99 * Math.sqrt(userCount * share * (1 - share));
  return {
    percent,
    green: first.filter((side) => side === 'green').length,
    least: Math.ceil(userCount * share - spread),
    most: Math.floor(userCount * share + spread),
    flips: first.filter((side, at) => side !== second[at]).length,
    leavers: before.filter((side, at) => side === 'green' && first[at] !== 'green').length,
  };
}

export const isOutside = ({ green, least, most }: ShareRow): boolean => green < least || green > most;

/** The side of every user, each asked once. */
async function sidesOf(port: number, keys: string[], signal: AbortSignal): Promise<readonly string[]> {
  const sides: string[] = [];
  let next = 0;
  const hand = async (): Promise<void> => {
    let line: Line | undefined;
    while (next < userCount) {
      signal.throwIfAborted();
      const user = next++;
      if (!line?.usable()) line = openLine(port);
      sides[user] = await sideOf(line, user, keys);
    }
    line?.close();
  };
  await Promise.all(Array.from({ length: hands }, hand));
  return sides;
}

/** `keys`: what the balancer gave to each user. */
async function sideOf(line: Line, user: number, keys: string[]): Promise<string> {
  const ended = await line.ask(
    `GET /page/64 HTTP/1.1\r\nHost: shop.example.com\r\nCookie: ${keys[user] ?? `${userCookie}=person-${user}`}\r\n\r\n`,
    undefined,
  );
  const head = ended.kind === 'answered' ? ended.answer.head : '';
  const given = headerOf(head, 'set-cookie');
  if (given?.startsWith(`${userCookie}=`)) keys[user] = given.split(';')[0] ?? '';
  const side = headerOf(head, 'x-slot');
  if (side === undefined) throw new Error(`user ${user} got no answer: ${JSON.stringify(ended)}`);
  return side;
}
