// Batches go through the table once, upwards, and what they did is written with them.

import { expect, test } from 'vitest';
import type { SchemaDatabase } from '../database.ts';
import type { BackfillFile } from '../files/migration.ts';
import { aMigration } from '../testing/a-migration.ts';
import { createUsers, neverAborted, type Stage, testLimits } from './fixture.ts';

const id = '002_touch';

/** Counts how often each row was filled: it must be once. */
function touching(key = 'id'): BackfillFile {
  const backfill = `UPDATE users SET touched = touched + 1 WHERE ${key} BETWEEN :from AND :to;`;
  return aMigration(id, { backfill, backfillOf: { key } }).backfill as BackfillFile;
}

export function backfillContract(stage: () => Stage): void {
  const batch = (database: SchemaDatabase, size: number, file = touching()) =>
    database.locked(5_000, neverAborted, () =>
      database.backfill(id, file, size, { limits: testLimits, signal: neverAborted }),
    );
  const touched = async () => {
    const rows = await stage().fixture.query(
      'SELECT touched, count(*) AS n FROM users GROUP BY touched ORDER BY touched',
    );
    return rows.map((row) => [Number(row.touched), Number(row.n)]);
  };

  test('each batch goes on where the last one ended, whatever process runs it', async () => {
    const { database, another, fixture } = stage();
    await createUsers(fixture, 25);
    await fixture.query('DELETE FROM users WHERE id IN (3, 11, 12)');
    await database.mark(id, { state: 'backfilling' });
    expect(await batch(database, 10)).toMatchObject({ rows: 10, cursor: '13' });
    expect(await database.ledger()).toMatchObject([{ cursor: '13', rowsDone: 10, state: 'backfilling' }]);
    expect(await batch(await another(), 10)).toMatchObject({ rows: 10, cursor: '23' });
    expect(await batch(database, 10)).toMatchObject({ rows: 2, cursor: '25' });
    expect(await batch(database, 10)).toMatchObject({ rows: 0, cursor: undefined });
    expect(await database.ledger()).toMatchObject([{ cursor: '25', rowsDone: 22 }]);
    expect(await touched()).toEqual([[1, 22]]);
  });

  test('rows and ledger agree at every moment, whatever process looks', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 1_000);
    await database.mark(id, { state: 'backfilling' });
    let isOver = false;
    const looking = (async () => {
      let looks = 0;
      for (; !isOver; looks += 1) {
        const [seen] = await fixture.query(
          'SELECT (SELECT sum(touched) FROM users) AS filled, (SELECT rows_done FROM schema_migrations) AS noted',
        );
        expect(Number(seen?.filled)).toBe(Number(seen?.noted));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return looks;
    })();
    looking.catch(() => undefined);
    try {
      while ((await batch(database, 10)).cursor !== undefined);
    } finally {
      isOver = true;
    }
    expect(await looking).toBeGreaterThan(20);
    expect(await touched()).toEqual([[1, 1_000]]);
  });

  test('a key of text is gone through in its own order', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 0);
    const names = ['Ann', 'ann', "O'Hara", 'Zoë', 'a b', '10', '9', 'Émile', '%', '\\'];
    for (const [at, name] of names.entries())
      await fixture.query(
        `INSERT INTO users (id, name) VALUES (${at}, '${name.replaceAll("'", "''").replaceAll('\\', fixture.dialect.kind === 'mariadb' ? '\\\\' : '\\')}')`,
      );
    await database.mark(id, { state: 'backfilling' });
    for (let batches = 0; (await batch(database, 3, touching('name'))).cursor !== undefined; batches += 1)
      expect(batches).toBeLessThan(10);
    expect(await touched()).toEqual([[1, names.length]]);
  });

  test('a batch that fails leaves its rows and the cursor alone', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 20);
    await database.mark(id, { state: 'backfilling' });
    await batch(database, 10);
    const broken = { ...touching(), text: 'UPDATE users SET missing_column = 1 WHERE id BETWEEN :from AND :to;' };
    await expect(batch(database, 10, broken)).rejects.toMatchObject({ name: 'MigrationError', code: 'failed' });
    expect(await database.ledger()).toMatchObject([{ cursor: '10', rowsDone: 10 }]);
    expect(await touched()).toEqual([
      [0, 10],
      [1, 10],
    ]);
  });

  test('while the service holds the table a batch is blocked, and goes on later', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 5);
    await database.mark(id, { state: 'backfilling' });
    const release = await fixture.occupy('users');
    await expect(batch(database, 10)).rejects.toMatchObject({ name: 'MigrationError', code: 'blocked' });
    await release();
    expect(await batch(database, 10)).toMatchObject({ rows: 5, cursor: '5' });
    expect(await touched()).toEqual([[1, 5]]);
  });

  test('rows are counted for progress, and what is left by the verify statement', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 40);
    expect(await database.countRows('users')).toBeGreaterThanOrEqual(0);
    expect(await database.verify('SELECT count(*) FROM users WHERE touched = 0')).toBe(40);
    expect(await database.verify('SELECT count(*) FROM users WHERE touched = 1')).toBe(0);
    await expect(database.verify('SELECT count(*) FROM missing_table')).rejects.toMatchObject({ code: 'failed' });
  });
}
