// Asks every instance of a side whether it may get users, for balancers whose program cannot do it. Each instance has its
// own rhythm, so that one that hangs delays no other.

import type { Endpoint } from '../../domain/target.ts';
import { type Clock, deadline, pause, systemClock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { exchange } from '../../lib/http-client.ts';
import { openTcp } from '../../lib/tcp.ts';
import { fastMs, type InstanceChecks } from './checks.ts';

export interface InstanceWatch {
  /** Of the endpoint at this index. True until shown otherwise. */
  isHealthy(index: number): boolean;
  /** A request found no connection: the instance gets no more until a check has succeeded. */
  suspect(index: number): void;
  stop(): void;
}

export interface InstanceChange {
  readonly index: number;
  readonly healthy: boolean;
  /** Why it is not healthy. */
  readonly problem: string | undefined;
}

export interface InstanceWatchOptions {
  readonly endpoints: readonly Endpoint[];
  readonly checks: InstanceChecks;
  readonly changed?: (change: InstanceChange) => void;
  readonly clock?: Clock;
}

interface Watched {
  healthy: boolean;
  /** Answers in a row that contradict `healthy`. */
  contradictions: number;
  /** One success is enough then. */
  suspected: boolean;
  /** Ends the present pause. */
  wake: AbortController;
}

export function watchInstances(options: InstanceWatchOptions): InstanceWatch {
  const { endpoints } = options;
  const ending = new AbortController();
  const states = endpoints.map(
    (): Watched => ({ healthy: true, contradictions: 0, suspected: false, wake: new AbortController() }),
  );
  states.forEach((state, index) => void watchOne({ ...options, state, index, ending: ending.signal }));
  return {
    isHealthy: (index) => states[index]?.healthy ?? false,
    suspect: (index) => {
      const state = states[index];
      if (!state?.healthy) return;
      state.suspected = true;
      turn({ ...options, state, index }, 'it accepts no connection');
      state.wake.abort();
    },
    stop: () => ending.abort(),
  };
}

interface One extends InstanceWatchOptions {
  readonly state: Watched;
  readonly index: number;
}

/** It never throws. */
async function watchOne(one: One & { readonly ending: AbortSignal }): Promise<void> {
  const { state, index, endpoints, checks, clock = systemClock, ending } = one;
  const endpoint = endpoints[index];
  while (endpoint !== undefined && !ending.aborted) {
    state.wake = new AbortController();
    const problem = await problemOf(endpoint, checks, ending);
    if (ending.aborted) return;
    learn(one, problem);
    const waitMs = state.contradictions > 0 || state.suspected ? fastMs(checks) : checks.intervalMs;
    await pause(clock, waitMs, AbortSignal.any([ending, state.wake.signal]));
  }
}

function learn(one: One, problem: string | undefined): void {
  const { state, checks } = one;
  const agrees = (problem === undefined) === state.healthy;
  state.contradictions = agrees ? 0 : state.contradictions + 1;
  const needed = state.healthy ? checks.failures : state.suspected ? 1 : checks.successes;
  if (state.contradictions >= needed) turn(one, problem);
  if (problem === undefined) state.suspected = false;
}

function turn({ state, index, changed }: One, problem: string | undefined): void {
  state.healthy = problem === undefined;
  state.contradictions = 0;
  changed?.({ index, healthy: state.healthy, problem });
}

/** One sentence, or nothing for an instance that may get users. */
async function problemOf(
  { host, port }: Endpoint,
  { path, headers, statuses, timeoutMs }: InstanceChecks,
  ending: AbortSignal,
): Promise<string | undefined> {
  try {
    if (path === undefined) {
      await openTcp({ host, port, timeoutMs, signal: ending });
      return undefined;
    }
    const url = new URL(path, `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
    const answer = await exchange({ url, method: 'GET', headers, signal: deadline(timeoutMs, ending) });
    const { statusCode = 0 } = answer;
    answer.on('error', () => {}).destroy();
    return statuses.some(([from, to]) => statusCode >= from && statusCode <= to)
      ? undefined
      : `it answers ${statusCode}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
