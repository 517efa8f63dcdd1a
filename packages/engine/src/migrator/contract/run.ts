// A file is run whole or not at all where the database can do that, and never waits long for the service's locks.

import { expect, test } from 'vitest';
import type { SchemaDatabase } from '../database.ts';
import type { SqlFile } from '../files/migration.ts';
import { aSqlFile } from '../testing/a-migration.ts';
import { createUsers, neverAborted, type Stage, testLimits } from './fixture.ts';

const expanded = { state: 'expanded' } as const;
const id = '001_nick';
const expand = (text: string): SqlFile => aSqlFile(id, 'expand', text);

async function runExpand(database: SchemaDatabase, text: string, signal = neverAborted, limits = testLimits) {
  await database.mark(id, { state: 'expanding' });
  await database.locked(5_000, signal, () => database.run(id, expand(text), expanded, { limits, signal }));
}

export function runContract(stage: () => Stage): void {
  wholeFiles(stage);
  limitsOfRuns(stage);
}

function wholeFiles(stage: () => Stage): void {
  test('a file of several statements changes the schema and moves its row', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 3);
    const text = `-- Wider.
ALTER TABLE users ADD COLUMN nick VARCHAR(50);
CREATE TABLE orders (id INTEGER PRIMARY KEY, note VARCHAR(50) DEFAULT 'a;b');
INSERT INTO orders (id) VALUES (7);`;
    await runExpand(database, text);
    expect(await database.ledger()).toMatchObject([{ id, state: 'expanded' }]);
    expect(await fixture.query('SELECT nick FROM users WHERE id = 1')).toEqual([{ nick: null }]);
    expect(await fixture.query('SELECT note FROM orders')).toEqual([{ note: 'a;b' }]);
  });

  test('a failing statement in the middle is named with its file and line', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 1);
    const text = `CREATE TABLE orders (id INTEGER PRIMARY KEY);

ALTER TABLE
  missing_table ADD COLUMN nick VARCHAR(50);
CREATE TABLE never_reached (id INTEGER PRIMARY KEY);`;
    const failure = await runExpand(database, text).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ name: 'MigrationError', code: 'failed' });
    expect((failure as Error).message).toContain('001_nick.expand.sql:3');
    expect((failure as Error).message).toContain('missing_table');
    const names = Object.keys(await database.catalog()).join('\n');
    expect(names).not.toContain('never_reached');
    if (fixture.undoesSchema) expect(names).not.toContain('orders');
    else expect(await database.ledger()).toMatchObject([{ state: 'expanding', statementsDone: 1 }]);
    await runExpand(database, text.replace('missing_table', 'users'));
    expect(await database.ledger()).toMatchObject([{ id, state: 'expanded' }]);
    expect(Object.keys(await database.catalog()).join('\n')).toContain('never_reached');
  });

  test('a file that takes a migration back deletes its row with the same stroke', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 1);
    await runExpand(database, 'ALTER TABLE users ADD COLUMN nick VARCHAR(50);');
    await database.mark(id, { state: 'reverting', statementsDone: 0 });
    const revert = aSqlFile(id, 'revert', 'ALTER TABLE users DROP COLUMN nick;');
    await database.locked(5_000, neverAborted, () =>
      database.run(id, revert, 'forgotten', { limits: testLimits, signal: neverAborted }),
    );
    expect(await database.ledger()).toEqual([]);
    expect(Object.keys(await database.catalog()).join('\n')).not.toContain('nick');
  });
}

function limitsOfRuns(stage: () => Stage): void {
  test('while the service holds the table it is blocked, with nothing left behind; later it passes', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 1);
    const text = 'ALTER TABLE users ADD COLUMN nick VARCHAR(50);';
    await database.mark(id, { state: 'expanding' });
    const release = await fixture.occupy('users');
    await database.locked(5_000, neverAborted, async () => {
      const blocked = database.run(id, expand(text), expanded, { limits: testLimits, signal: neverAborted });
      await expect(blocked).rejects.toMatchObject({ name: 'MigrationError', code: 'blocked' });
    });
    await release();
    expect(Object.keys(await database.catalog()).join('\n')).not.toContain('nick');
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    await runExpand(database, text);
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
  });

  test('a statement that runs longer than its limit is stopped, and the database can be used on', async () => {
    const { database, fixture } = stage();
    const failure = runExpand(database, fixture.slowStatement, neverAborted, {
      ...testLimits,
      statementTimeoutMs: 500,
    });
    await expect(failure).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('500 ms') });
    await runExpand(database, 'CREATE TABLE orders (id INTEGER PRIMARY KEY);');
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
  });

  test('a run that is stopped in the middle of a statement leaves nothing', async () => {
    const { database, fixture } = stage();
    const stop = new AbortController();
    const text = `CREATE TABLE orders (id INTEGER PRIMARY KEY);\n${fixture.slowStatement}`;
    const running = runExpand(database, text, stop.signal);
    const stopped = expect(running).rejects.toMatchObject({ name: 'MigrationError', code: 'stopped' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    stop.abort();
    await stopped;
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    if (fixture.undoesSchema) expect(await database.catalog()).toEqual({});
  });
}
