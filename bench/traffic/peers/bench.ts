// The embedded proxy compared with kamal-proxy and a bare Node proxy: all run at once and are asked in turn, so that a
// slow moment of the machine meets all of them. It decides on what the embedded proxy is built.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@bg/engine/test-kit';
import { bars } from '../../bars.ts';
import { type Bench, type Figure, type Measured, median } from '../../figures.ts';
import { startBackends } from '../load/crowd.ts';
import { busyAtFirst, machineOf } from '../machine.ts';
import { processesNaming, residentMb } from '../processes.ts';
import { embeddedDriver } from '../proxies/drivers.ts';
import { command, isInstalled } from '../proxies/program.ts';
import { type Ground, userCookie } from '../proxies/proxy.ts';
import { type PeerRow, peersPage, type Round } from './page.ts';
import { bareNode, findKamal, kamalProxy, type Peer } from './peers.ts';

const connectionCounts = [50, 200];
const standardSeconds = 3;
const rounds = 7;

const embedded: Peer = {
  name: 'embedded driver',
  start: async (ground) => {
    const running = await embeddedDriver.start(ground);
    return () => running.stop();
  },
};

export const proxyBench: Bench = {
  title: 'proxy',
  how: 'wrk with small answers over loopback, as many requests as each proxy takes; memory is resident, of all its processes, under this load',
  limitMs: 900_000,
  run: async (say, signal, options) => {
    if (!isInstalled('wrk')) return skipped(say, 'wrk is not installed (Debian: apt-get install wrk)');
    const busy = busyAtFirst();
    const folder = mkdtempSync(join(tmpdir(), 'bgp-'));
    const backends = await startBackends();
    try {
      const kamal = await findKamal(folder, process.env.KAMAL_PROXY);
      if ('missing' in kamal) say(`left out: ${kamal.missing}`);
      const peers = [embedded, bareNode, ...('missing' in kamal ? [] : [kamalProxy(kamal.program)])];
      const rows: PeerRow[] = [];
      for (const connections of connectionCounts) {
        say(`${connections} connections, ${rounds} rounds of ${peers.map(({ name }) => name).join(', ')} …`);
        const seconds = options.seconds ?? standardSeconds;
        rows.push(
          ...(await measureSideBySide({ peers, folder, backends: backends.ports, connections, seconds, signal })),
        );
      }
      const figures = figuresOf(rows, 'missing' in kamal ? kamal.missing : undefined);
      const machine = `${await machineOf()}; ${busy}`;
      return { figures, page: peersPage({ rows, how: proxyBench.how, machine }), details: rows };
    } finally {
      backends.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function skipped(say: (sentence: string) => void, why: string): Measured {
  say(`nothing is measured: ${why}`);
  return { figures: [] };
}

interface SideBySide {
  readonly peers: readonly Peer[];
  readonly folder: string;
  readonly backends: Ground['backends'];
  readonly connections: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

async function measureSideBySide(options: SideBySide): Promise<readonly PeerRow[]> {
  const { peers, backends, connections, seconds, signal } = options;
  const up: { name: string; ground: Ground; idleMb: number; stop: () => Promise<void>; rounds: Round[] }[] = [];
  try {
    for (const [at, peer] of peers.entries()) {
      const ground = { folder: join(options.folder, `${connections}-${at}`), port: await freePort(), backends };
      const stop = await peer.start(ground);
      up.push({ name: peer.name, ground, stop, idleMb: residentMb(processesNaming(ground.folder)), rounds: [] });
    }
    for (let round = 0; round < rounds; round += 1)
      for (const each of round % 2 === 0 ? up : up.toReversed()) {
        signal.throwIfAborted();
        each.rounds.push(await oneRound(each.ground, connections, seconds));
        await delay(200);
      }
    return up.map(({ name, idleMb, rounds: measured }) => ({ name, connections, idleMb, rounds: measured }));
  } finally {
    for (const { stop } of up) await stop();
  }
}

async function oneRound({ port, folder }: Ground, connections: number, seconds: number): Promise<Round> {
  const url = `http://127.0.0.1:${port}/`;
  const header = ['-H', `Cookie: ${await keyFrom(url)}`];
  const asking = command(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...header, url], '/tmp');
  await delay(seconds * 900);
  const memoryMb = residentMb(processesNaming(folder));
  const said = await asking;
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`wrk saw errors on ${url}: ${said}`);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1] ?? Number.NaN),
    p50Ms: msOf(said, '50%'),
    p99Ms: msOf(said, '99%'),
    memoryMb,
  };
}

/** Users come back with the key that they were given; a proxy that gives none gets a cookie of the same length. */
async function keyFrom(url: string): Promise<string> {
  const answer = await fetch(url);
  await answer.text();
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? `${userCookie}=${'0'.repeat(24)}`;
}

function msOf(said: string, share: string): number {
  const [, amount, unit] = new RegExp(`${share}\\s+([\\d.]+)(us|ms|s)`).exec(said) ?? [];
  return Number(amount ?? Number.NaN) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1);
}

function figuresOf(rows: readonly PeerRow[], kamalMissing: string | undefined): readonly Figure[] {
  return connectionCounts.flatMap((connections) => {
    const of = (name: string) => rows.find((row) => row.name === name && row.connections === connections);
    const ratio = (peer: string, value: (round: Round) => number): number => {
      const others = of(peer)?.rounds ?? [];
      const own = of(embedded.name)?.rounds ?? [];
      return own.length === 0 || others.length === 0 ? Number.NaN : median(own.map(value)) / median(others.map(value));
    };
    const figure = (name: string, value: number, bar: number): Figure => ({
      name: `${name}, ${connections} connections`,
      unit: 'ratio',
      value,
      peer: undefined,
      bar,
      reach: 'at most',
    });
    const { p99OfKamal, memoryOfBareNode } = bars.proxy;
    return [
      ...(kamalMissing === undefined
        ? [
            figure(
              'p99 of kamal-proxy’s',
              ratio('kamal-proxy', ({ p99Ms }) => p99Ms),
              p99OfKamal,
            ),
          ]
        : []),
      figure(
        'memory of a bare Node proxy’s',
        ratio(bareNode.name, ({ memoryMb }) => memoryMb),
        memoryOfBareNode,
      ),
    ];
  });
}
