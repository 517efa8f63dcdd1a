// A lease follows the monotonic clock and the process that holds it: neither a clock that was set nor a dead holder
// prevents another process from becoming the controller.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { acquireLease, liveLease, releaseLease } from './leases.ts';
import { movableClock, setState, type TestState } from './testing/state.ts';

const holder = resolve(import.meta.dirname, 'testing/hold-lease.ts');
const hourMs = 3_600_000;
let clock = movableClock();
let state: TestState;

beforeEach(() => {
  clock = movableClock();
  state = setState({ clock });
});
afterEach(() => state.remove());

const take = (name: string) => acquireLease(state.db, { name: 'driver', holder: name, configDigest: 'c', clock });
const sql = (text: string): unknown => state.db.$client.exec(text);

describe('a lease', () => {
  it.each([hourMs, -hourMs])('is held on when the clock jumps by %i ms, and runs out all the same', (jump) => {
    expect(take('a')).toBeDefined();
    clock.jump(jump);
    expect(take('b')).toBeUndefined();
    expect(liveLease(state.db, 'driver', clock)?.holder).toBe('a');
    clock.advance(7_000);
    expect(take('b')).toBeDefined();
  });

  it('of a process that was killed is free at once, also after the clock was set back', async () => {
    const child = spawn(process.execPath, [holder, state.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(take('b')).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
    clock.jump(-hourMs);
    expect(take('b')).toBeDefined();
  });

  it('stays with a process that is stopped, until it expires', async () => {
    const child = spawn(process.execPath, [holder, state.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    expect(take('b')).toBeUndefined();
    clock.advance(7_000);
    expect(take('b')).toBeDefined();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('from before a restart of the machine is free', () => {
    take('a');
    sql(`UPDATE leases SET held = json_set(held, '$.bootId', 'another boot', '$.untilMs', 9e15)`);
    expect(take('b')).toBeDefined();
  });

  it('of another container is not taken for dead by its pid', () => {
    take('a');
    sql(`UPDATE leases SET held = json_set(held, '$.pidNamespace', 'pid:[1]', '$.pid', 4194305)`);
    expect(take('b')).toBeUndefined();
    clock.advance(7_000);
    expect(take('b')).toBeDefined();
  });
});

describe('a state of the version before', () => {
  const before = (expiresAt: number): void => {
    state.remove();
    state = setState({ clock });
    const lease = acquireLease(state.db, { name: 'driver', holder: 'old', configDigest: 'c', clock });
    const text = readFileSync(resolve(import.meta.dirname, '../../../../migrations/0008_lease_holder.sql'), 'utf8');
    expect(text).toContain('ADD `held`');
    sql('ALTER TABLE leases DROP COLUMN held');
    sql('DELETE FROM __drizzle_migrations WHERE created_at >= 1795310000000');
    sql(`UPDATE leases SET expires_at = ${expiresAt} WHERE token = ${lease?.token}`);
  };

  it('is opened: a lease that its driver renews is held', () => {
    before(systemClock.now() + 5_000);
    const { db } = state.another();
    expect(liveLease(db, 'driver', clock)?.holder).toBe('old');
    clock.advance(7_000);
    expect(acquireLease(db, { name: 'driver', holder: 'new', configDigest: 'c', clock })).toBeDefined();
  });

  it('is opened: one that ends too late was taken before the clock was set back, and is free', () => {
    before(systemClock.now() + hourMs);
    const { db } = state.another();
    const lease = acquireLease(db, { name: 'driver', holder: 'new', configDigest: 'c', clock });
    expect(lease).toBeDefined();
    if (lease) releaseLease(db, lease);
    expect(liveLease(db, 'driver', clock)).toBeUndefined();
  });
});

it('the monotonic clock is the same in every process', () => {
  const script = 'process.stdout.write(String(process.hrtime.bigint()))';
  const before = systemClock.monotonic();
  const other = Number(BigInt(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) / 1_000_000n);
  expect(other).toBeGreaterThanOrEqual(before);
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(other);
});
