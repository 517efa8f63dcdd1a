// A killed migrator leaves a database from which the next one continues.

import { expect, test } from 'vitest';
import { aMigration } from '../testing/a-migration.ts';
import { addUsers, createUsers, neverAborted, type Stage } from './fixture.ts';
import { runMigrator } from './migrator-process.ts';

const kills = 5;

export function crashContract(stage: () => Stage): void {
  test('a backfill that is killed five times goes through each row once', { timeout: 240_000 }, async () => {
    const { fixture, database } = stage();
    const verify = 'SELECT count(*) FROM users WHERE touched <> 1';
    const backfill = 'UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;';
    const migration = aMigration('001_touch', { backfill, backfillOf: { batch: 10, verify } });
    let rows = 4_000;
    await createUsers(fixture, rows);
    await database.mark(migration.id, { state: 'expanded' });
    const cursors: number[] = [];
    for (let runs = 0; cursors.length < kills; runs += 1) {
      expect(runs).toBeLessThan(5 * kills);
      const several = (events: readonly { kind: string }[]) =>
        events.filter(({ kind }) => kind === 'progress').length > runs % 4;
      const { code, stderr } = await runMigrator(fixture, 'backfill', [migration], {
        until: several,
        afterMs: runs * 3,
      });
      expect(code ?? 0, stderr).toBe(0);
      // The lock ends with the last session of the killed process: what it had sent is then done or undone.
      const row = await database.locked(30_000, neverAborted, async () => {
        const now = (await database.ledger())[0]!;
        expect(await database.verify('SELECT count(*) FROM users WHERE touched = 1')).toBe(now.rowsDone);
        expect(await database.verify(`SELECT count(*) FROM users WHERE touched = 1 AND id > ${now.cursor}`)).toBe(0);
        return now;
      });
      if (row.state === 'backfilling') cursors.push(Number(row.cursor));
      else {
        // It was quicker than its end: there is more to do.
        await addUsers(fixture, rows + 1, rows + 4_000);
        rows += 4_000;
        await database.mark(migration.id, { state: 'backfilling' });
      }
    }
    expect(cursors).toEqual([...cursors].sort((a, b) => a - b));
    const { code, stderr, events } = await runMigrator(fixture, 'backfill', [migration]);
    expect(code, stderr).toBe(0);
    expect(events.at(-1)).toMatchObject({ kind: 'done', stage: 'backfill' });
    expect(await database.ledger()).toMatchObject([{ state: 'done', rowsDone: rows, cursor: String(rows) }]);
    expect(await database.verify(verify)).toBe(0);
  });

  test('an expand that is killed wherever it stands ends as if nothing had happened', {
    timeout: 240_000,
  }, async () => {
    const { fixture, database } = stage();
    await createUsers(fixture, 2_000);
    const migrations = Array.from({ length: 6 }, (_, at) =>
      aMigration(`00${at + 1}_step`, { expand: stepText(at + 1) }),
    );
    for (let killed = 0; killed < kills; killed += 1) {
      const begun = (events: readonly { kind: string }[]) => events.some(({ kind }) => kind === 'begun');
      const { code, stderr } = await runMigrator(fixture, 'expand', migrations, { until: begun, afterMs: killed * 8 });
      // One that was quicker than its end is no fault: the rest must then be nothing.
      expect(code ?? 0, stderr).toBe(0);
    }
    const { code, stderr } = await runMigrator(fixture, 'expand', migrations);
    expect(code, stderr).toBe(0);
    expect((await database.ledger()).map(({ id, state }) => `${id} ${state}`)).toEqual(
      migrations.map(({ id }) => `${id} done`),
    );
    const names = Object.keys(await database.catalog());
    for (let step = 1; step <= migrations.length; step += 1) {
      expect(names).toContainEqual(expect.stringMatching(new RegExp(`^column .*\\busers\\.extra_${step}$`)));
      expect(await database.verify(`SELECT count(*) FROM step_${step} WHERE note = 'kept'`)).toBe(2_000);
    }
    expect(await database.locked(10_000, neverAborted, async () => 'free')).toBe('free');
  });
}

const stepText = (step: number): string => `ALTER TABLE users ADD COLUMN extra_${step} VARCHAR(20);
CREATE TABLE step_${step} (id INTEGER PRIMARY KEY, note VARCHAR(20));
CREATE INDEX step_${step}_note ON step_${step} (note);
INSERT INTO step_${step} (id, note) SELECT id, 'kept' FROM users;
`;
