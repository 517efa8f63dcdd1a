// One process works at a time, and stops when its lease is lost: two processes on one state file, in no time.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextRound } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlueGreenError } from '../../lib/errors.ts';
import { openDatabase } from '../../state/database.ts';
import { acquireLease, heartbeatMs, type Lease, leaseMs, liveLease } from '../../state/leases.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { type FlowProcess, startProcess } from '../../testing/flow-process.ts';
import { withLease } from './controller.ts';
import { liveController } from './live-controller.ts';

let flow: Flow;
let other: FlowProcess;
let ends: AbortController[];
let competing: Promise<void>[];
beforeEach(async () => {
  flow = await startFlow();
  other = startProcess(flow, 'other');
  ends = [];
  competing = [];
});
afterEach(async () => {
  for (const end of ends) end.abort();
  await Promise.allSettled(competing);
  other.close();
  await flow.close();
});

const name = 'slack';
const first = () => flow.process();

/** Moves the time in small steps until `isSo`, for at most a minute of it. */
async function until(isSo: () => boolean): Promise<void> {
  for (let steps = 0; !isSo() && steps < 600; steps += 1) {
    for (let rounds = 0; rounds < 3; rounds += 1) await nextRound();
    if (!isSo()) flow.clock.advance(100);
  }
  if (!isSo()) throw new Error('it never came to be so');
}

interface Work {
  readonly lease: Lease;
  readonly stop: AbortSignal;
  end(thrown?: Error): void;
}

/** Competes for the lease; each of its turns lasts until it is stopped or ended. */
function compete(process: FlowProcess): { readonly works: Work[]; readonly end: AbortController } {
  const works: Work[] = [];
  const end = new AbortController();
  ends.push(end);
  const holder = process === other ? 'other' : 'first';
  const job = (lease: Lease, stop: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      stop.addEventListener('abort', () => resolve());
      works.push({ lease, stop, end: (thrown) => (thrown ? reject(thrown) : resolve()) });
    });
  const competition = withLease(process.core, { name, holder }, end.signal, job);
  competition.catch(() => undefined);
  competing.push(competition);
  return { works, end };
}

const working = ({ works }: { readonly works: readonly Work[] }): boolean => works.some(({ stop }) => !stop.aborted);
const holder = () => liveLease(first().core.store.db, name, flow.clock)?.holder;

describe('of two processes that compete for a lease', () => {
  it('one works for as long as it lives, and the other takes over at once when it ends', async () => {
    const [one, two] = [compete(first()), compete(other)];
    await until(() => one.works.length === 1);
    const began = flow.clock.monotonic();
    await until(() => flow.clock.monotonic() - began > 5 * leaseMs);
    expect([one.works.length, two.works.length, holder()]).toEqual([1, 0, 'first']);
    one.end.abort();
    const ended = flow.clock.monotonic();
    await until(() => two.works.length === 1);
    expect(flow.clock.monotonic() - ended).toBeLessThanOrEqual(2 * heartbeatMs);
    expect(two.works[0]?.lease.token).toBeGreaterThan(one.works[0]?.lease.token ?? 0);
    expect(holder()).toBe('other');
  });

  it('the one that loses it in the middle is stopped, and competes again', async () => {
    const one = compete(first());
    await until(() => one.works.length === 1);
    // It was not scheduled for longer than its lease lasts, and the other process came before it.
    flow.clock.advance(leaseMs + 1);
    const stolen = acquireLease(other.core.store.db, { name, holder: 'other', configDigest: '', clock: flow.clock });
    expect(stolen?.token).toBeGreaterThan(one.works[0]?.lease.token ?? 0);
    await until(() => !working(one));
    expect(holder()).toBe('other');
    await until(() => one.works.length === 2);
    expect(one.works[1]?.lease.token).toBeGreaterThan(stolen?.token ?? 0);
  });

  it('never are two at work for the same moment, however often it changes hands', async () => {
    const [one, two] = [compete(first()), compete(other)];
    for (let turns = 0; turns < 6; turns += 1) {
      await until(() => working(one) || working(two));
      expect(working(one) && working(two)).toBe(false);
      const at = working(one) ? one : two;
      at.works.at(-1)?.end(turns % 2 === 0 ? new Error('its work failed') : undefined);
      const count = one.works.length + two.works.length;
      await until(() => one.works.length + two.works.length > count);
    }
    const tokens = [...one.works, ...two.works].map(({ lease }) => lease.token);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it.each([
    ['was fenced out', new BlueGreenError('fenced-out', 'another process holds it')],
    ['failed', new Error('a fault')],
  ])('the one whose work %s gives the lease back and goes on competing', async (_, thrown) => {
    const one = compete(first());
    await until(() => one.works.length === 1);
    one.works[0]?.end(thrown);
    await until(() => one.works.length === 2);
    expect(one.works[0]?.stop.aborted).toBe(true);
  });
});

describe('a state that another process has locked', () => {
  async function whileLocked(ms: number): Promise<{ readonly works: readonly Work[] }> {
    const one = compete(first());
    await until(() => one.works.length === 1);
    const db = openDatabase(flow.settings.stateFolder);
    db.$client.exec('BEGIN IMMEDIATE');
    const began = flow.clock.monotonic();
    await until(() => flow.clock.monotonic() - began >= ms);
    db.$client.exec('COMMIT');
    db.$client.close();
    return one;
  }

  it('for less long than the lease lasts costs nothing', async () => {
    const one = await whileLocked(leaseMs - heartbeatMs - 1_000);
    await until(
      () =>
        (liveLease(first().core.store.db, name, flow.clock)?.held?.untilMs ?? 0) >
        flow.clock.monotonic() + leaseMs - 200,
    );
    expect(one.works.map(({ stop }) => stop.aborted)).toEqual([false]);
  });

  it('for longer stops the work before another process can have the lease', async () => {
    const one = await whileLocked(leaseMs);
    expect(one.works[0]?.stop.aborted).toBe(true);
    await until(() => one.works.length === 2);
  });
});

describe('a state file that is replaced', () => {
  it('stops the work within a moment, and the process never competes again', async () => {
    const one = compete(first());
    await until(() => one.works.length === 1);
    const file = join(flow.settings.stateFolder, 'state.sqlite');
    renameSync(file, `${file}.before`);
    const began = flow.clock.monotonic();
    await until(() => !working(one));
    expect(flow.clock.monotonic() - began).toBeLessThanOrEqual(1_000);
    flow.clock.advance(heartbeatMs);
    await expect(competing[0]).rejects.toMatchObject({ code: 'state-replaced' });
    renameSync(`${file}.before`, file);
  });
});

describe('a process that closes its state', () => {
  it('while it works leaves the lease to run out, and throws no second fault', async () => {
    const one = compete(other);
    await until(() => one.works.length === 1);
    other.close();
    one.works[0]?.end(new Error('the process ends'));
    let fault: unknown;
    competing[0]?.catch((thrown: unknown) => {
      fault = thrown;
    });
    await until(() => fault !== undefined);
    expect(String(fault)).toContain('not open');
    expect(holder()).toBe('other');
    flow.clock.advance(leaseMs + 1);
    expect(holder()).toBeUndefined();
    other = startProcess(flow, 'other');
  });
});

describe('the controller that people are shown', () => {
  it('is the holder of its lease while that lives, and not of another lease', async () => {
    compete(first());
    await until(() => holder() !== undefined);
    expect(liveController(other.core)).toBeUndefined();
    other.lease();
    expect([liveController(other.core), flow.people.controllerAlive()]).toEqual(['other', true]);
    flow.clock.advance(leaseMs + 1);
    expect([liveController(other.core), flow.people.controllerAlive()]).toEqual([undefined, false]);
  });
});
