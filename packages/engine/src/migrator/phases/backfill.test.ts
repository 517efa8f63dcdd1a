// Filling and reverting: the phases that meet rows that the service continues to write.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aMigration } from '../testing/a-migration.ts';
import { backfill } from './backfill.ts';
import { contract } from './contract.ts';
import { expand } from './expand.ts';
import { repair } from './repair.ts';
import { revert } from './revert.ts';
import { all, type PhaseStage, phaseStage, users } from './testing-stage.ts';

let stage: PhaseStage;
beforeEach(async () => {
  stage = await phaseStage();
});
afterEach(() => stage.end());

const service = (sql: string) => stage.service(sql);
const addUsers = (count: number) => stage.addUsers(count);

describe('a backfill', () => {
  test('makes a second pass for rows that appeared behind it, and reports when that is no use', async () => {
    const { context, states, events, database } = stage;
    await expand(context, all);
    addUsers(15);
    // The old release continues to write rows that nothing fills, behind the cursor.
    let writes = 0;
    const undone = {
      ...context,
      say: (event: Parameters<typeof context.say>[0]) => {
        context.say(event);
        if (event.kind === 'progress' && writes++ < 6) service('UPDATE users SET nick = NULL WHERE id = 1');
      },
    };
    await expect(backfill(undone, all)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('1 rows are left after 2 passes'),
    });
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'warning', sentence: expect.stringContaining('again') }),
    );
    expect(await states()).toEqual(['001_users done', '002_nick failed']);
    await expect(backfill(context, all)).rejects.toMatchObject({ code: 'dirty' });
    await repair(context, all, { kind: 'mark-pending', id: '002_nick' }, 'anna: the old release is gone');
    expect((await database.ledger())[1]).toMatchObject({ state: 'expanded', cursor: undefined, rowsDone: 0 });
    expect(await backfill(context, all)).toEqual(['002_nick']);
    expect(service('SELECT count(*) AS n FROM users WHERE nick IS NULL')).toEqual([{ n: 0 }]);
  });

  test('lets a deployment expand between two of its batches', async () => {
    const { context, states } = stage;
    await expand(context, all);
    addUsers(400);
    const third = aMigration('003_third', { expand: 'CREATE TABLE third (id INTEGER);' });
    let expanding: Promise<unknown> | undefined;
    const slow = {
      ...context,
      clock: { ...context.clock, sleep: (ms: number) => context.clock.sleep(ms + 50) },
      say: (event: Parameters<typeof context.say>[0]) => {
        context.say(event);
        if (event.kind === 'progress') expanding ??= expand(context, [...all, third]).then(() => states());
      },
    };
    await backfill(slow, all);
    expect(await expanding).toEqual(['001_users done', '002_nick backfilling', '003_third done']);
    expect(await states()).toEqual(['001_users done', '002_nick ready', '003_third done']);
  });

  test('run by two fills each row once, and both succeed', async () => {
    const { context, states } = stage;
    const count = aMigration('002_count', {
      expand: 'ALTER TABLE users ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;',
      backfill: 'UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;',
      backfillOf: { batch: 10 },
    });
    await expand(context, [users, count]);
    addUsers(300);
    await Promise.all([backfill(context, [users, count]), backfill(context, [users, count])]);
    expect(service('SELECT touched, count(*) AS n FROM users GROUP BY 1')).toEqual([{ touched: 1, n: 300 }]);
    expect(await states()).toEqual(['001_users done', '002_count done']);
  });
});

describe('taking back', () => {
  test('an expand step that no release needs is undone, and pending again', async () => {
    const { context, states } = stage;
    await expand(context, all);
    await revert(context, all, { id: '002_nick', nothingNeedsIt: false });
    expect(await states(all)).toEqual(['001_users done', '002_nick pending']);
    expect(await expand(context, all)).toEqual(['002_nick']);
  });

  test('is refused with the reasons against it', async () => {
    const { context } = stage;
    const third = aMigration('003_third', { expand: 'CREATE TABLE third (id INTEGER);', requires: ['002_nick'] });
    const three = [...all, third];
    const why = (id: string, nothingNeedsIt = false) =>
      revert(context, three, { id, nothingNeedsIt }).then(
        () => 'taken back',
        (thrown: Error) => thrown.message,
      );
    expect(await why('002_nick')).toContain('it is pending in this database');
    await expand(context, three);
    expect(await why('001_users')).toContain('there is no 001_users.revert.sql');
    expect(await why('002_nick')).toContain('003_third requires it');
    await backfill(context, three);
    expect(await why('002_nick')).toContain('its backfill was begun');
    expect(await why('002_nick', true)).toContain('003_third requires it');
    await contract(context, three, ['002_nick']);
    expect(await why('002_nick', true)).toContain('its contract step was begun, which has no way back');
    expect(await why('004_none')).toContain('it is pending');
  });

  test('one that was cut off is finished before anything else', async () => {
    const { context, database, states } = stage;
    await expand(context, all);
    await database.mark('002_nick', { state: 'reverting' });
    await expect(expand(context, all)).rejects.toMatchObject({
      code: 'dirty',
      message: expect.stringContaining('bg migrate revert 002_nick'),
    });
    await revert(context, all, { id: '002_nick', nothingNeedsIt: false });
    expect(await states(all)).toEqual(['001_users done', '002_nick pending']);
  });
});
