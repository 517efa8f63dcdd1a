// The ledger: one row per migration, in the application's own database.

import { expect, test } from 'vitest';
import type { Stage } from './fixture.ts';

export function ledgerContract(stage: () => Stage): void {
  test('a look at an untouched database finds nothing, and leaves nothing', async () => {
    const { database } = stage();
    expect(await database.ledger()).toEqual([]);
    expect(await database.rememberedCatalog()).toBeUndefined();
    expect(await database.catalog()).toEqual({});
  });

  test('a row is made with its state, changed where a change says so, and read by another connection', async () => {
    const { database, another } = stage();
    const print = { checksum: 'c'.repeat(64), fingerprint: 'print of 001' };
    await database.mark('001_users', { state: 'expanding', files: { expand: print } });
    await database.mark('001_users', { state: 'backfilling', cursor: '17', rowsDone: 17, rowsTotal: 90 });
    const [row, ...more] = await (await another()).ledger();
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      id: '001_users',
      state: 'backfilling',
      during: undefined,
      files: { expand: print },
      statementsDone: 0,
      cursor: '17',
      rowsDone: 17,
      rowsTotal: 90,
      problem: undefined,
    });
    expect(Math.abs((row?.updatedAt ?? 0) - Date.now())).toBeLessThan(600_000);
  });

  test('undefined clears a value, and what is not named stays', async () => {
    const { database } = stage();
    const problem = 'column "name" isn\'t there; 100 % ü';
    await database.mark('001_a', { state: 'failed', during: 'expanding', problem, cursor: 'abc', rowsTotal: 5 });
    expect(await database.ledger()).toMatchObject([{ state: 'failed', during: 'expanding', problem, cursor: 'abc' }]);
    await database.mark('001_a', { state: 'expanded', during: undefined, problem: undefined, cursor: undefined });
    expect(await database.ledger()).toMatchObject([
      { state: 'expanded', during: undefined, problem: undefined, cursor: undefined, rowsTotal: 5 },
    ]);
  });

  test('the oldest number comes first, and a forgotten row is gone', async () => {
    const { database } = stage();
    for (const id of ['010_c', '002_b', '1000_d', '001_a']) await database.mark(id, { state: 'done' });
    expect((await database.ledger()).map(({ id }) => id)).toEqual(['001_a', '002_b', '010_c', '1000_d']);
    await database.forget('002_b');
    await database.forget('002_b');
    expect((await database.ledger()).map(({ id }) => id)).toEqual(['001_a', '010_c', '1000_d']);
  });
}
