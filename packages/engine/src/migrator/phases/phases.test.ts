// The life of migrations on a real database: each phase, what it refuses, and where it continues.

import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Migration } from '../files/migration.ts';
import { aMigration } from '../testing/a-migration.ts';
import { backfill } from './backfill.ts';
import { baseline } from './baseline.ts';
import { contract } from './contract.ts';
import { expand } from './expand.ts';
import { repair } from './repair.ts';
import { status } from './status.ts';
import { all, nick, type PhaseStage, phaseStage, users } from './testing-stage.ts';

let stage: PhaseStage;
beforeEach(async () => {
  stage = await phaseStage();
});
afterEach(() => stage.end());

const service = (sql: string) => stage.service(sql);
const addUsers = (count: number) => stage.addUsers(count);

const edited = (migration: Migration, change: (text: string) => string): Migration => {
  const expandOf = migration.expand!;
  const text = change(expandOf.text);
  return { ...migration, expand: { ...expandOf, text, checksum: `checksum of ${text}` } };
};

describe('from pending to done', () => {
  test('a migration goes through its states, and each phase may be repeated', async () => {
    const { context, states, events } = stage;
    expect(await states(all)).toEqual(['001_users pending', '002_nick pending']);
    expect(await expand(context, all)).toEqual(['001_users', '002_nick']);
    expect(await expand(context, all)).toEqual([]);
    expect(await states()).toEqual(['001_users done', '002_nick expanded']);
    addUsers(95);
    await expect(contract(context, all, ['002_nick'])).rejects.toMatchObject({
      code: 'not-allowed',
      message: '002_nick: its backfill is not done',
    });
    expect(await backfill(context, all)).toEqual(['002_nick']);
    expect(await backfill(context, all)).toEqual([]);
    expect(await states()).toEqual(['001_users done', '002_nick ready']);
    expect(service('SELECT count(*) AS n FROM users WHERE nick = name')).toEqual([{ n: 95 }]);
    expect(await contract(context, all, ['002_nick'])).toEqual(['002_nick']);
    expect(await contract(context, all, ['002_nick'])).toEqual([]);
    expect(await states()).toEqual(['001_users done', '002_nick done']);
    expect(
      events.filter(({ kind }) => kind === 'begun' || kind === 'done').map((event) => `${event.kind} ${event.id}`),
    ).toEqual([
      'begun 001_users',
      'done 001_users',
      'begun 002_nick',
      'done 002_nick',
      'begun 002_nick',
      'done 002_nick',
      'begun 002_nick',
      'done 002_nick',
    ]);
    expect(events.filter(({ kind }) => kind === 'progress').at(-1)).toMatchObject({
      rowsDone: 95,
      rowsTotal: 95,
      msLeft: 0,
    });
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
  });

  test('a migration that only tightens is ready without a run', async () => {
    const { context, states } = stage;
    const tight = aMigration('002_tight', { contract: 'ALTER TABLE users DROP COLUMN name;' });
    expect(await expand(context, [users, tight])).toEqual(['001_users', '002_tight']);
    expect(await states()).toEqual(['001_users done', '002_tight ready']);
    await contract(context, [users, tight], ['002_tight']);
    expect(await states()).toEqual(['001_users done', '002_tight done']);
  });

  test('a stage that a later release adds to a migration that was done is run then', async () => {
    const { context, states } = stage;
    const before = { ...nick, backfill: undefined, contract: undefined };
    await expand(context, [users, before]);
    expect(await states()).toEqual(['001_users done', '002_nick done']);
    expect(await expand(context, all)).toEqual([]);
    expect(await backfill(context, all)).toEqual(['002_nick']);
    expect(await contract(context, all, ['002_nick'])).toEqual(['002_nick']);
  });

  test('an older release does not touch what a newer one added, and expands nothing', async () => {
    const { context, states } = stage;
    await expand(context, all);
    expect(await expand(context, [users])).toEqual([]);
    expect(await backfill(context, [users])).toEqual([]);
    expect(await states([users])).toEqual(['001_users done', '002_nick expanded']);
  });

  test('a new number from an older branch is expanded afterwards', async () => {
    const { context } = stage;
    const late = aMigration('002_late', { expand: 'CREATE TABLE late (id INTEGER);' });
    const third = { ...nick, id: '003_nick', number: 3 };
    await expand(context, [users, third]);
    expect(await expand(context, [users, late, third])).toEqual(['002_late']);
  });
});

describe('a failing step', () => {
  const broken = aMigration('002_broken', { expand: 'CREATE TABLE a (id INTEGER);\nINSERT INTO missing VALUES (1);' });

  test('is written down, and stops every later run until its file is fixed', async () => {
    const { context, database, states } = stage;
    await expect(expand(context, [users, broken])).rejects.toMatchObject({ code: 'failed' });
    expect(await states()).toEqual(['001_users done', '002_broken failed']);
    expect((await database.ledger())[1]).toMatchObject({
      during: 'expanding',
      problem: '002_broken.expand.sql:2: no such table: missing',
    });
    await expect(expand(context, [users, broken])).rejects.toMatchObject({
      code: 'dirty',
      message: '002_broken failed while expanding: 002_broken.expand.sql:2: no such table: missing',
      hint: expect.stringContaining('bg migrate repair'),
    });
    const mended = edited(broken, (text) => text.replace('missing', 'a'));
    expect(await expand(context, [users, mended])).toEqual(['002_broken']);
    expect(await states()).toEqual(['001_users done', '002_broken done']);
  });

  test('does not prevent a return to an older release', async () => {
    const { context } = stage;
    await expand(context, [users]);
    await expect(expand(context, [users, broken])).rejects.toMatchObject({ code: 'failed' });
    expect(await expand(context, [users])).toEqual([]);
  });

  test('continues after a person marked it pending, and counts as run when marked applied', async () => {
    const { context, states, database } = stage;
    await expect(expand(context, [users, broken])).rejects.toMatchObject({ code: 'failed' });
    service('CREATE TABLE missing (id INTEGER)');
    await repair(context, [users, broken], { kind: 'mark-pending', id: '002_broken' }, 'anna: made the table');
    expect(await states()).toEqual(['001_users done']);
    expect(await expand(context, [users, broken])).toEqual(['002_broken']);
    const third = { ...broken, id: '003_broken', number: 3 };
    await expect(expand(context, [users, broken, third])).rejects.toMatchObject({ code: 'failed' });
    await repair(context, [users, broken, third], { kind: 'mark-applied', id: '003_broken' }, 'anna: did it by hand');
    expect(await states()).toEqual(['001_users done', '002_broken done', '003_broken done']);
    expect((await database.ledger())[2]?.problem).toBe('anna: did it by hand');
    expect(await expand(context, [users, broken, third])).toEqual([]);
  });

  test('that waits for a lock is blocked, and the next run tries it again by itself', async () => {
    const { context, states, file } = stage;
    await expand(context, [users]);
    const writer = new Database(file);
    const run: typeof context.database.run = async (...step) => {
      writer.exec('BEGIN IMMEDIATE');
      await context.database.run(...step).finally(() => writer.exec('ROLLBACK'));
    };
    await expect(expand({ ...context, database: { ...context.database, run } }, all)).rejects.toMatchObject({
      code: 'blocked',
    });
    expect(await states()).toEqual(['001_users done', '002_nick blocked']);
    writer.close();
    expect(await expand(context, all)).toEqual(['002_nick']);
    expect(await states()).toEqual(['001_users done', '002_nick expanded']);
  });
});

describe('what does not fit', () => {
  test('a cosmetic edit of what ran is reported, a real one stops, until it is accepted', async () => {
    const { context, events } = stage;
    await expand(context, all);
    const cosmetic = [users, edited(nick, (text) => `-- Better said.\n${text.toLowerCase()}`)];
    expect(await expand(context, cosmetic)).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      kind: 'warning',
      id: '002_nick',
      sentence: expect.stringContaining('comments'),
    });
    const real = [users, edited(nick, (text) => text.replace('TEXT', 'INTEGER'))];
    await expect(expand(context, real)).rejects.toMatchObject({
      code: 'edited',
      message: 'edited after it ran: 002_nick.expand.sql',
    });
    await expect(contract(context, real, [])).rejects.toMatchObject({ code: 'edited' });
    await repair(context, real, { kind: 'accept-edit', id: '002_nick' }, 'anna: the column was retyped by hand');
    expect(await expand(context, real)).toEqual([]);
  });

  test('a hand edit of the schema stops the next run with the names of what changed, until it is accepted', async () => {
    const { context, database } = stage;
    await expand(context, [users]);
    service('ALTER TABLE users ADD COLUMN by_hand TEXT');
    service('CREATE INDEX users_name ON users (name)');
    await expect(expand(context, all)).rejects.toMatchObject({
      code: 'drift',
      message: expect.stringContaining('column users.by_hand was added, index users_name was added'),
    });
    expect((await status(database, context.dialect, all)).drift).toHaveLength(2);
    await repair(context, all, { kind: 'accept-drift' }, 'anna');
    expect(await expand(context, all)).toEqual(['002_nick']);
    expect((await status(database, context.dialect, all)).drift).toEqual([]);
  });

  test('a run that was cut off is no hand edit, but a warning reports that nothing was compared', async () => {
    const { context, database, events } = stage;
    await expand(context, [users]);
    await database.rememberCatalog(undefined);
    expect(await expand(context, all)).toEqual(['002_nick']);
    expect(events).toContainEqual({ kind: 'warning', id: undefined, sentence: expect.stringContaining('was cut off') });
  });

  test('an applied migration under a new name, and a requirement that no migration meets', async () => {
    const { context } = stage;
    await expand(context, all);
    await expect(expand(context, [users, { ...nick, id: '002_nickname' }])).rejects.toMatchObject({
      code: 'not-allowed',
      message: '002_nickname has the number of 002_nick, which this database has and this release does not',
    });
    const third = aMigration('009_third', { expand: 'SELECT 1;', requires: ['001_users', '007_gone'] });
    await expect(expand(context, [...all, third])).rejects.toMatchObject({
      message: '009_third requires 007_gone, which is neither in this database nor earlier in this release',
    });
  });

  test('a stop is heard between two migrations', async () => {
    const { context, states } = stage;
    const stop = new AbortController();
    const stopping = { ...context, signal: stop.signal, say: () => stop.abort() };
    await expect(expand(stopping, all)).rejects.toMatchObject({ code: 'stopped' });
    expect(await expand(context, all)).not.toEqual([]);
    expect(await states()).toEqual(['001_users done', '002_nick expanded']);
  });
});

describe('taking over a database', () => {
  test('marks what it has as done, and runs only what comes after', async () => {
    const { context, states } = stage;
    service('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)');
    await expect(baseline(context, all, 7)).rejects.toMatchObject({ code: 'not-allowed' });
    expect(await baseline(context, all, 1)).toEqual(['001_users']);
    expect(await baseline(context, all, 1)).toEqual([]);
    expect(await states(all)).toEqual(['001_users done', '002_nick pending']);
    expect(await expand(context, all)).toEqual(['002_nick']);
    await expect(baseline(context, all, 2)).rejects.toMatchObject({
      message: expect.stringContaining('002_nick is expanded'),
    });
  });
});
