// How many requests a second go through, compared with the service asked directly and with the same proxy with nothing
// to decide. All run at once and are asked in turn, so that a slow moment of the machine meets all of them.

import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@bg/engine/test-kit';
import { median } from '../figures.ts';
import { processesNaming, usedMs } from './processes.ts';
import { command } from './proxies/program.ts';
import { type Ground, type Mechanism, userCookie } from './proxies/proxy.ts';

/** No process is called so. */
const nowhere = '/no/process/of/a/proxy';

export interface ThroughputOptions {
  readonly proxies: readonly Mechanism[];
  readonly folderOf: (proxy: Mechanism) => string;
  readonly backends: Ground['backends'];
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

export interface Throughput {
  readonly connections: number;
  /** Requests a second of each round; `direct` is the service itself. */
  readonly rounds: ReadonlyMap<Mechanism | 'direct', readonly Round[]>;
}

export interface Round {
  readonly perSecond: number;
  /** Processor time of the proxy's processes for one request; hardly moved by whatever else the machine does. */
  readonly cpuMicros: number;
}

export async function measureThroughput(options: ThroughputOptions): Promise<Throughput> {
  const { proxies, backends, folderOf, connections, rounds, seconds, signal } = options;
  const up: {
    readonly who: Mechanism | 'direct';
    readonly port: number;
    readonly folder: string;
    stop(): Promise<void>;
  }[] = [{ who: 'direct', port: backends.blue, folder: nowhere, stop: () => Promise.resolve() }];
  try {
    for (const proxy of proxies) {
      const ground = { folder: folderOf(proxy), port: await freePort(), backends };
      const running = await proxy.start(ground);
      up.push({
        who: proxy,
        port: ground.port,
        folder: ground.folder,
        stop: async () => {
          await running.stop();
          rmSync(ground.folder, { recursive: true, force: true });
        },
      });
    }
    const measured = new Map<Mechanism | 'direct', Round[]>(up.map(({ who }) => [who, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const { who, port, folder } of round % 2 === 0 ? up : up.toReversed()) {
        signal.throwIfAborted();
        measured.get(who)?.push(await oneRound({ port, folder, connections, seconds }));
        await delay(200);
      }
    return { connections, rounds: measured };
  } finally {
    for (const { stop } of up) await stop();
  }
}

/** By a client that costs next to nothing. @throws for an answer that is none */
async function oneRound(at: {
  readonly port: number;
  readonly folder: string;
  readonly connections: number;
  readonly seconds: number;
}): Promise<Round> {
  const url = `http://127.0.0.1:${at.port}/`;
  const before = usedMs(processesNaming(at.folder));
  const said = await command(
    ['wrk', '-t1', `-c${at.connections}`, `-d${at.seconds}s`, '-H', `Cookie: ${userCookie}=user-1`, url],
    '/tmp',
  );
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`wrk saw errors on ${url}: ${said}`);
  const requests = Number(/(\d+) requests in/.exec(said)?.[1] ?? Number.NaN);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1] ?? Number.NaN),
    cpuMicros: (1_000 * (usedMs(processesNaming(at.folder)) - before)) / requests,
  };
}

type Who = Mechanism | 'direct';

export const medianOf = ({ rounds }: Throughput, who: Who): number =>
  median((rounds.get(who) ?? []).map(({ perSecond }) => perSecond));

export const cpuMicrosOf = ({ rounds }: Throughput, who: Who): number =>
  median((rounds.get(who) ?? []).map(({ cpuMicros }) => cpuMicros));

/** Median over the rounds of one divided by the other in the same round. */
export function ratioOf({ rounds }: Throughput, who: Who, to: Who): number {
  const others = rounds.get(to) ?? [];
  const ratios = (rounds.get(who) ?? []).map(({ perSecond }, at) => perSecond / (others[at]?.perSecond ?? Number.NaN));
  return ratios.length === 0 ? Number.NaN : median(ratios);
}
