// One migrator at a time.

import { expect, test } from 'vitest';
import { neverAborted, type Stage } from './fixture.ts';

export function lockContract(stage: () => Stage): void {
  test('of two migrators one works, and the other is told so after its time, and has its turn later', async () => {
    const { database, another } = stage();
    const other = await another();
    const held = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const first = database.locked(10_000, neverAborted, async () => {
      inside.resolve();
      await held.promise;
      return 'first';
    });
    await inside.promise;
    await expect(other.locked(300, neverAborted, async () => 'both')).rejects.toMatchObject({
      name: 'MigrationError',
      code: 'locked',
      message: expect.any(String),
    });
    const waiting = other.locked(30_000, neverAborted, async () => 'second');
    held.resolve();
    expect(await first).toBe('first');
    expect(await waiting).toBe('second');
  });

  test('work that fails gives the lock back, and its own error on', async () => {
    const { database, another } = stage();
    const failure = new Error('on purpose');
    await expect(database.locked(1_000, neverAborted, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await (await another()).locked(5_000, neverAborted, async () => 'free')).toBe('free');
  });

  test('the lock ends with the connection that held it', async () => {
    const { database, fixture } = stage();
    const dying = await fixture.open();
    const inside = Promise.withResolvers<void>();
    const never = dying.locked(1_000, neverAborted, async () => {
      inside.resolve();
      await new Promise(() => undefined);
    });
    never.catch(() => undefined);
    await inside.promise;
    await dying.close();
    expect(await database.locked(20_000, neverAborted, async () => 'free')).toBe('free');
  });

  test('who waits for the lock can be stopped', async () => {
    const { database, another } = stage();
    const other = await another();
    const stop = new AbortController();
    await database.locked(1_000, neverAborted, async () => {
      const waiting = other.locked(60_000, stop.signal, async () => 'both');
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
    });
  });

  test('the ledger can be read and written inside', async () => {
    const { database } = stage();
    await database.locked(1_000, neverAborted, async () => {
      await database.mark('001_a', { state: 'expanded' });
      expect(await database.ledger()).toHaveLength(1);
    });
  });
}
