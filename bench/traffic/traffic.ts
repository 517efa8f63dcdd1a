// What a switch costs: the drivers of this project compared with what people use instead, in one run under one load,
// on the real programs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@bg/engine';
import { freePort } from '@bg/engine/test-kit';
import type { Bench, BenchOptions, Measured } from '../figures.ts';
import { figuresOf } from './figures-of.ts';
import { type Backends, startBackends } from './load/crowd.ts';
import { busyAtFirst, machineOf } from './machine.ts';
import { pageOf } from './page.ts';
import { caddyPatch } from './proxies/caddy.ts';
import {
  embeddedDriver,
  haproxyDriver,
  haproxyDriverSecure,
  nginxDriver,
  nginxDriverSecure,
} from './proxies/drivers.ts';
import { haproxyReload, haproxyStatic } from './proxies/haproxy-by-hand.ts';
import { nginxReload, nginxStatic } from './proxies/nginx-by-hand.ts';
import { endAll, isInstalled } from './proxies/program.ts';
import type { Ground, Mechanism } from './proxies/proxy.ts';
import type { Failure, Results } from './results.ts';
import { type ShareTrial, tryShares } from './share.ts';
import { measureThroughput, type Throughput } from './throughput.ts';
import { type Trial, tryProxy } from './trial.ts';

const switched = [embeddedDriver, nginxDriver, haproxyDriver, nginxReload, haproxyReload, caddyPatch];
const secure = [nginxDriverSecure, haproxyDriverSecure];
const measured = [embeddedDriver, nginxStatic, nginxDriver, haproxyStatic, haproxyDriver];
const connectionCounts = [50, 200];
const standard = { switches: 100, seconds: 15, leastRequests: 0 };
/** Four trials of two halves each make a million. */
const long = { switches: 280, seconds: 55, leastRequests: 130_000 };
/** Many short ones: by chance the kernel gives one worker of a proxy nearly all connections, and such a round says little. */
const rounds = 15;

export const trafficBench: Bench = {
  title: 'traffic',
  how: 'plain HTTP/1.1 over loopback, raw sockets without retries, half POSTs up to 64 KB, every body verified; kept connections with pauses, fresh ones, answers of 2 s, event streams and WebSockets at once',
  limitMs: 2_400_000,
  run: async (say, signal, options) => {
    const families = options.drivers ?? ['embedded', 'nginx', 'haproxy'];
    const isAsked = ({ family, kind }: Mechanism): boolean =>
      families.includes(family) || (family === 'caddy' && kind === 'raw' && options.drivers === undefined);
    const busy = busyAtFirst();
    const present = installed(say);
    const isThere = (proxy: Mechanism): boolean => isAsked(proxy) && present.has(proxy.family);
    const folder = mkdtempSync(join(tmpdir(), 'bgt-'));
    const backends = await startBackends();
    const bench: Site = { folder, backends, options, say, signal, next: 0, failures: [] };
    try {
      const trials = [
        ...(await tryAll(bench, switched.filter(isThere), connectionCounts)),
        ...(await tryAll(bench, secure.filter(isThere), connectionCounts.slice(0, 1))),
      ];
      const throughputs = await throughputOfAll(bench, measured.filter(isThere));
      const shares = await sharesOfAll(bench, switched.filter(isThere));
      return await report({ trials, throughputs, shares, families, options, failures: bench.failures, busy });
    } finally {
      backends.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Site {
  readonly folder: string;
  readonly backends: Backends;
  readonly options: BenchOptions;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
  next: number;
  readonly failures: Failure[];
}

function installed(say: (sentence: string) => void): ReadonlySet<Mechanism['family']> {
  const families = new Set<Mechanism['family']>(['embedded']);
  for (const family of ['nginx', 'haproxy', 'caddy'] as const) {
    if (isInstalled(family)) families.add(family);
    else say(`${family} is not installed and is left out (Debian: apt-get install ${family})`);
  }
  return families;
}

async function groundIn(bench: Site): Promise<Ground> {
  bench.next += 1;
  return { folder: join(bench.folder, String(bench.next)), port: await freePort(), backends: bench.backends.ports };
}

async function tryAll(
  bench: Site,
  proxies: readonly Mechanism[],
  counts: readonly number[],
): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (const connections of counts)
    for (const proxy of proxies) {
      const trial = await attempt(
        bench,
        { what: `${proxy.name}, ${connections} connections`, isOurs: proxy.kind === 'driver' },
        async () =>
          tryProxy({
            proxy,
            ground: await groundIn(bench),
            connections,
            ...sizeOf(proxy, bench.options),
            signal: bench.signal,
          }),
      );
      if (trial === undefined) continue;
      trials.push(trial);
      if (trial.failure !== undefined)
        bench.failures.push({
          what: `${proxy.name}, ${connections} connections`,
          why: trial.failure,
          isOurs: proxy.kind === 'driver',
        });
      bench.say(sentenceOf(trial));
    }
  return trials;
}

/** What fails leaves the others their turn. */
async function attempt<T>(
  bench: Site,
  { what, isOurs }: { readonly what: string; readonly isOurs: boolean },
  work: () => Promise<T>,
): Promise<T | undefined> {
  bench.signal.throwIfAborted();
  try {
    return await work();
  } catch (thrown) {
    await endAll(bench.folder);
    bench.signal.throwIfAborted();
    const why = messageOf(thrown);
    bench.failures.push({ what, why, isOurs });
    bench.say(`failed: ${what}: ${why}`);
    return undefined;
  }
}

function sizeOf(proxy: Mechanism, { switches, seconds, isLong }: BenchOptions): typeof standard {
  const isCounted = proxy.kind === 'driver' && proxy.family !== 'embedded';
  const size = isLong && isCounted ? long : standard;
  return { ...size, switches: switches ?? size.switches, seconds: seconds ?? size.seconds };
}

function sentenceOf({ proxy, connections, switches, weightChanges, sent, perSecond, ...rest }: Trial): string {
  const bad = `${rest.lost} lost, ${rest.truncated} truncated, ${rest.serverErrors} 5xx, ${rest.stale} stale`;
  return `${proxy.name}, ${connections} connections: ${switches} switches, ${weightChanges} weights, ${sent} requests (${Math.round(perSecond)}/s): ${bad}`;
}

async function throughputOfAll(bench: Site, proxies: readonly Mechanism[]): Promise<readonly Throughput[]> {
  if (!isInstalled('wrk')) {
    bench.say('wrk is not installed: throughput is not measured (Debian: apt-get install wrk)');
    return [];
  }
  const results: Throughput[] = [];
  for (const connections of connectionCounts) {
    bench.say(`throughput on ${connections} connections, ${rounds} rounds …`);
    const result = await attempt(bench, { what: `throughput on ${connections} connections`, isOurs: true }, () =>
      measureThroughput({
        proxies,
        folderOf: (proxy) => join(bench.folder, `t${connections}-${measured.indexOf(proxy)}`),
        backends: bench.backends.ports,
        connections,
        rounds,
        seconds: 1,
        signal: bench.signal,
      }),
    );
    if (result !== undefined) results.push(result);
  }
  return results;
}

async function sharesOfAll(bench: Site, proxies: readonly Mechanism[]): Promise<readonly ShareTrial[]> {
  const results: ShareTrial[] = [];
  for (const proxy of proxies.filter(({ kind }) => kind === 'driver')) {
    bench.say(`shares of 10 000 users, ${proxy.name} …`);
    const trial = await attempt(bench, { what: `shares of ${proxy.name}`, isOurs: true }, async () =>
      tryShares(proxy, await groundIn(bench), bench.signal),
    );
    if (trial !== undefined) results.push(trial);
  }
  return results;
}

async function report(results: Results): Promise<Measured> {
  const figures = figuresOf(results);
  const details = {
    trials: results.trials.map((trial) => ({ ...trial, proxy: trial.proxy.name })),
    throughput: results.throughputs.map(({ connections, rounds: each }) => ({
      connections,
      rounds: [...each].map(([who, perSecond]) => ({ who: who === 'direct' ? who : who.name, perSecond })),
    })),
    shares: results.shares.map(({ proxy, ...rest }) => ({ ...rest, proxy: proxy.name })),
  };
  return {
    figures,
    page: pageOf({ results, figures, how: trafficBench.how, machine: `${await machineOf()}; ${results.busy}` }),
    details,
  };
}
