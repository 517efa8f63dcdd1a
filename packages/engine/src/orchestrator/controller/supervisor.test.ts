// The rounds of the supervisor: what one fault costs, what is done in each, and when they end. And the whole
// controller, which takes over from one that ended in the middle.

import { setImmediate as nextRound } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { silentLog } from '../../lib/log.ts';
import { openDatabase } from '../../state/database.ts';
import { getSnapshot, nodesKey, slotKey } from '../../state/snapshots.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { startProcess } from '../../testing/flow-process.ts';
import type { Core, Target } from '../core.ts';
import { drive } from './controller.ts';
import type { SlotSnapshot } from './side-health.ts';
import { supervise } from './supervisor.ts';

let flow: Flow;
let end: AbortController;
let logged: string[];
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  end = new AbortController();
  logged = [];
});
afterEach(async () => {
  end.abort();
  await flow.close();
});

/** Lets what has begun come to its end, then moves the time to the next that is waited for. */
async function until(isSo: () => boolean): Promise<void> {
  const began = performance.now();
  let restsSince = began;
  while (!isSo()) {
    await nextRound();
    const now = performance.now();
    if (now - began > 30_000) throw new Error(`it never came to be so: ${logged.join('; ')}`);
    if (now - restsSince < 15) continue;
    flow.clock.step();
    restsSince = now;
  }
}

const note = (fields: { readonly err?: unknown }, text: string): void => {
  logged.push(fields.err === undefined ? text : `${text}: ${messageOf(fields.err)}`);
};
const recording = { ...silentLog, error: note, warn: note } as unknown as Log;

interface Watched {
  readonly rounds: () => number;
  /** Settles when the supervision ends. */
  readonly ended: Promise<unknown>;
}

/** `fails` throws in the middle of a round while it is set. */
function watch(
  fails: () => unknown = () => undefined,
  sweep: Target['environment']['sweep'] = async () => [],
): Watched {
  const { core, target, lease } = flow.process();
  let rounds = 0;
  const balancer = {
    ...target.balancer,
    observe: async () => {
      rounds += 1;
      const thrown = fails();
      if (thrown !== undefined) throw thrown;
      return target.balancer.observe();
    },
  };
  const watched = { ...target, balancer, environment: { ...target.environment, sweep } };
  const mine: Core = { ...core, targets: [watched], log: recording };
  const ended = supervise(mine, lease(), end.signal).catch((thrown: unknown) => thrown);
  return { rounds: () => rounds, ended };
}

const seenAt = (slot: 'blue' | 'green') =>
  getSnapshot<SlotSnapshot>(flow.process().core.store.db, slotKey(flow.process().target.key, slot));

describe('the supervisor', () => {
  it('checks both sides and the nodes in each round, at the interval of the health rule', async () => {
    const { rounds } = watch();
    const [began, real, { intervalMs }] = [
      flow.clock.monotonic(),
      performance.now(),
      flow.process().target.settings.health,
    ];
    await until(() => rounds() >= 4);
    // The time that a round takes is part of its interval.
    const workedMs = performance.now() - real;
    expect(flow.clock.monotonic() - began).toBeGreaterThanOrEqual(3 * intervalMs - workedMs);
    const { db } = flow.process().core.store;
    expect(getSnapshot(db, nodesKey(flow.process().target.key))?.value).toMatchObject([{ reachable: true }]);
    for (const slot of ['blue', 'green'] as const) expect(seenAt(slot)?.value.state.condition).toBe('healthy');
  });

  it('goes on after a fault, with its reason in the log', async () => {
    let fault: unknown = new Error('no memory');
    const { rounds } = watch(() => fault);
    await until(() => rounds() >= 3);
    expect(logged).toContain('supervision failed, goes on: no memory');
    fault = undefined;
    const [since, at] = [flow.clock.now(), rounds()];
    await until(() => rounds() > at + 2 && (seenAt('green')?.at ?? 0) > since);
    expect(flow.environments.story.filter((row) => row.startsWith('stop'))).toEqual([]);
  });

  it('ends with the lease: what is fenced out does no further round', async () => {
    const { rounds, ended } = watch(() => (rounds() > 2 ? new BlueGreenError('fenced-out', 'lost') : undefined));
    await until(() => rounds() > 2);
    expect(await ended).toMatchObject({ code: 'fenced-out' });
    const at = rounds();
    for (let steps = 0; steps < 5; steps += 1) flow.clock.step();
    expect(rounds()).toBe(at);
  });

  it('waits for a state that another process has locked, and does not count that as a fault', async () => {
    const db = openDatabase(flow.settings.stateFolder);
    let locked: unknown = new BlueGreenError('state-locked', 'locked');
    const { rounds } = watch(() => locked);
    db.$client.exec('BEGIN IMMEDIATE');
    await until(() => logged.length > 0);
    db.$client.exec('COMMIT');
    db.$client.close();
    locked = undefined;
    const at = rounds();
    await until(() => rounds() > at + 1);
    expect(new Set(logged)).toEqual(new Set(['supervision waits: another process holds the state']));
  });

  it('clears what earlier attempts left, in every twelfth round, and says what', async () => {
    let sweeps = 0;
    const began = flow.lastSeq();
    const { rounds } = watch(undefined, async () => {
      sweeps += 1;
      return sweeps === 1 ? [{ kind: 'process', what: 'pid 77' }] : [];
    });
    await until(() => rounds() >= 12);
    expect(sweeps).toBe(1);
    await until(() => sweeps === 2);
    expect(rounds()).toBeGreaterThanOrEqual(13);
    expect(flow.story(began)).toEqual(['orphans-cleared: cleared 1 left by earlier attempts']);
  });

  it('writes the counts of refused senders when their minute is over, one row each', async () => {
    flow.people.countUnauthenticated('slack', { source: '10.0.0.7', count: 3 });
    flow.people.countUnauthenticated('webhook');
    const began = flow.lastSeq();
    flow.clock.advance(60_000);
    watch();
    await until(() => flow.actions(began).length === 2);
    expect(flow.story(began).map((row) => row.replace(/ minute of .*/, ''))).toEqual([
      'strangers-refused: 3 requests of strangers at slack from 10.0.0.7 refused in the',
      'strangers-refused: 1 request of strangers at webhook refused in the',
    ]);
  });
});

describe('the controller', () => {
  it('moves a deployment to its end; one that is stopped in the middle is continued by the next', async () => {
    const stop = new AbortController();
    const first = drive(flow.process().core, 'first', stop.signal);
    const id = flow.ask('v3');
    await until(() => flow.row(id).phase === 'watch');
    stop.abort();
    await until(() => true);
    await first;
    expect(flow.row(id)).toMatchObject({ finishedAt: null, phase: 'watch' });
    const started = flow.environments.story.filter((row) => row.startsWith('start v3')).length;
    const other = startProcess(flow, 'second');
    const second = drive(other.core, 'second', end.signal);
    await until(() => flow.row(id).finishedAt !== null);
    expect(flow.view(id).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.environments.story.filter((row) => row.startsWith('start v3'))).toHaveLength(started);
    end.abort();
    await second;
    other.close();
  });

  it('of two moves it, and every step of it once', async () => {
    const other = startProcess(flow, 'second');
    const both = [drive(flow.process().core, 'first', end.signal), drive(other.core, 'second', end.signal)];
    const began = flow.lastSeq();
    const id = flow.ask('v3');
    await until(() => flow.row(id).finishedAt !== null);
    expect(flow.view(id).outcome).toMatchObject({ kind: 'promoted' });
    const steps = flow.story(began).filter((row) => row.startsWith('step-started'));
    expect(new Set(steps).size).toBe(steps.length);
    expect(flow.environments.story.filter((row) => row.startsWith('start v3'))).toHaveLength(1);
    end.abort();
    await Promise.all(both);
    other.close();
  });

  it('learns first what a lost state does not know, before a deployment begins', async () => {
    await flow.balancers.kill();
    const controller = drive(flow.process().core, 'first', end.signal);
    await until(() => flow.balancers.nodes.every(({ server }) => server !== undefined));
    await until(() => flow.actions().includes('balancer-restarted'));
    end.abort();
    await controller;
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
  });
});
