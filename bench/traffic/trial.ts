// One proxy under one load: switched many times, then its weight changed many times, and what its users saw.

import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type SlotName } from '@bg/engine';
import { againstTheWeight, type Command, lastOldAnswersMs, staleAfterSwitches } from './judge.ts';
import type { LoadSize } from './load/client.ts';
import { startLoad } from './load/crowd.ts';
import { nowMs } from './load/pattern.ts';
import type { Report } from './load/records.ts';
import { processesNaming, residentMb } from './processes.ts';
import type { Ground, Mechanism, RunningProxy } from './proxies/proxy.ts';

export interface TrialOptions {
  readonly proxy: Mechanism;
  readonly ground: Ground;
  readonly connections: number;
  readonly switches: number;
  /** For the switches, and again for the weight changes; longer when commands take longer. */
  readonly seconds: number;
  /** Each half goes on until so many requests were answered. */
  readonly leastRequests: number;
  readonly signal: AbortSignal;
}

export interface Trial {
  readonly proxy: Mechanism;
  readonly connections: number;
  readonly switches: number;
  readonly weightChanges: number;
  readonly sent: number;
  readonly posts: number;
  readonly fresh: number;
  readonly perSecond: number;
  readonly lost: number;
  /** Cut within an answer, or not the answer that belonged to the request. */
  readonly truncated: number;
  readonly serverErrors: number;
  readonly stale: number;
  readonly streamsCut: number;
  readonly switchMs: readonly number[];
  readonly weightMs: readonly number[];
  readonly lastOldMs: readonly number[];
  readonly residentMb: number;
  readonly processes: { readonly before: number; readonly underLoad: number; readonly afterDrain: number };
  readonly problems: readonly string[];
  /** Why it ended early. */
  readonly failure: string | undefined;
}

const weights = [10, 25, 50, 75, 90, 60, 33, 5];
const warmUpMs = 1_000;
const restMs = 400;
const drainLimitMs = 8_000;
/** A half that does not reach its number of requests ends all the same. */
const halfLimitMs = 240_000;

export async function tryProxy(options: TrialOptions): Promise<Trial> {
  const { proxy, ground } = options;
  const running = await proxy.start(ground);
  try {
    const before = processesNaming(ground.folder).length;
    const switching = await half(options, running, (pace) => switchOften(running, pace));
    const weigh = switching.failure === undefined ? running.weigh : undefined;
    if (weigh !== undefined) await running.switchTo('blue');
    const weighing =
      weigh === undefined
        ? undefined
        : await half(options, running, (pace) => runCommands(pace, weights, (to) => weigh(to)));
    const afterDrain = await drained(ground.folder, before);
    return summary(options, { switching, weighing, before, afterDrain });
  } finally {
    await running.stop();
    rmSync(ground.folder, { recursive: true, force: true });
  }
}

interface Ran<To> {
  readonly commands: readonly Command<To>[];
  readonly failure: string | undefined;
}

interface Half<To> extends Ran<To> {
  readonly report: Report;
  readonly ms: number;
  readonly processes: number;
  readonly residentMb: number;
}

interface Pace {
  readonly count: number;
  readonly everyMs: number;
  /** More may be asked for, beyond the count. */
  goesOn(): Promise<boolean>;
}

async function half<To>(
  { ground, connections, switches, seconds, leastRequests, signal }: TrialOptions,
  { secure }: RunningProxy,
  work: (pace: Pace) => Promise<Ran<To>>,
): Promise<Half<To>> {
  const load = secure
    ? startLoad({ ...secureLoadOf(connections), authority: secure.authority }, secure.port)
    : startLoad(loadOf(connections), ground.port);
  await delay(warmUpMs, undefined, { signal });
  const began = nowMs();
  const goesOn = async (): Promise<boolean> => {
    signal.throwIfAborted();
    return nowMs() - began < halfLimitMs && (await load.sent()) < leastRequests;
  };
  const ran = await work({ count: switches, everyMs: (seconds * 1_000) / switches, goesOn });
  await delay(restMs, undefined, { signal });
  const rows = processesNaming(ground.folder);
  const report = await load.stop();
  return {
    ...ran,
    report,
    ms: nowMs() - began + warmUpMs,
    processes: rows.length,
    residentMb: residentMb(rows),
  };
}

/** Users with pauses, so that connections are idle at every moment; the rest as a service of today sees it. */
const loadOf = (connections: number): LoadSize => ({
  kept: connections,
  keptPerSecond: 2_000,
  fresh: 10,
  freshPerSecond: 400,
  slow: 6,
  streams: 6,
  talks: 6,
});

/** Event streams and WebSockets are left out: over HTTP/2 they are requests like the slow ones. */
const secureLoadOf = (connections: number): LoadSize => ({
  ...loadOf(connections),
  freshPerSecond: 100,
  streams: 0,
  talks: 0,
});

const switchOften = (running: RunningProxy, pace: Pace): Promise<Ran<SlotName>> =>
  runCommands(pace, ['green', 'blue'] as const, (slot) => running.switchTo(slot));

/** Ends early with the reason when a command fails: what was seen until then counts all the same. */
async function runCommands<To>(
  { count, everyMs, goesOn }: Pace,
  values: readonly To[],
  run: (to: To) => Promise<void>,
): Promise<Ran<To>> {
  const commands: Command<To>[] = [];
  while (commands.length < count || (await goesOn())) {
    const to = values[commands.length % values.length] as To;
    const began = nowMs();
    try {
      await run(to);
    } catch (thrown) {
      return { commands, failure: `command ${commands.length + 1} failed: ${messageOf(thrown)}` };
    }
    const returned = nowMs();
    commands.push({ to, began, returned });
    await delay(Math.max(20, everyMs - (returned - began)));
  }
  return { commands, failure: undefined };
}

/** How many processes are left when no user is connected any more. */
async function drained(folder: string, before: number): Promise<number> {
  for (const end = nowMs() + drainLimitMs; nowMs() < end; await delay(100))
    if (processesNaming(folder).length <= before) break;
  return processesNaming(folder).length;
}

function summary(
  { proxy, connections }: TrialOptions,
  {
    switching,
    weighing,
    before,
    afterDrain,
  }: {
    readonly switching: Half<SlotName>;
    readonly weighing: Half<number> | undefined;
    readonly before: number;
    readonly afterDrain: number;
  },
): Trial {
  const halves = weighing === undefined ? [switching] : [switching, weighing];
  const sum = (of: (report: Report) => number): number => halves.reduce((all, { report }) => all + of(report), 0);
  const stale =
    staleAfterSwitches(switching.report.records, 'blue', switching.commands) +
    (weighing === undefined ? 0 : againstTheWeight(weighing.report.records, weighing.commands));
  const took = (commands: readonly Command<unknown>[]) => commands.map(({ began, returned }) => returned - began);
  return {
    proxy,
    connections,
    switches: switching.commands.length,
    weightChanges: weighing?.commands.length ?? 0,
    sent: sum(({ sent }) => sent),
    posts: sum(({ posts }) => posts),
    fresh: sum(({ fresh }) => fresh),
    perSecond: (1_000 * sum(({ sent }) => sent)) / halves.reduce((all, { ms }) => all + ms, 0),
    lost: sum(({ troubles }) => troubles.lost),
    truncated: sum(({ troubles }) => troubles.truncated + troubles.wrong),
    serverErrors: sum(({ troubles }) => troubles.serverError),
    stale,
    streamsCut: sum(({ streamsCut }) => streamsCut),
    switchMs: took(switching.commands),
    weightMs: took(weighing?.commands ?? []),
    lastOldMs: lastOldAnswersMs(switching.report.records, switching.commands),
    residentMb: Math.max(...halves.map((each) => each.residentMb)),
    processes: { before, underLoad: Math.max(...halves.map(({ processes }) => processes)), afterDrain },
    failure: switching.failure ?? weighing?.failure,
    problems: halves.flatMap(({ report }) => report.problems),
  };
}
