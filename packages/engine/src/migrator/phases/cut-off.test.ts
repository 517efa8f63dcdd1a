// The connection is lost at every single call of the phases, before it was done and after: the next run continues from
// there, and the end is the same as without the loss.

import { expect, test } from 'vitest';
import type { SchemaDatabase } from '../database.ts';
import { MigrationError } from '../error.ts';
import { aMigration } from '../testing/a-migration.ts';
import { backfill } from './backfill.ts';
import type { PhaseContext } from './context.ts';
import { contract } from './contract.ts';
import { expand } from './expand.ts';
import { all, type PhaseStage, phaseStage } from './testing-stage.ts';

const counted = aMigration('003_counted', {
  expand:
    'ALTER TABLE users ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;\nCREATE INDEX users_touched ON users (touched);',
  backfill: 'UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;',
  backfillOf: { batch: 10, verify: 'SELECT count(*) FROM users WHERE touched <> 1' },
});
const migrations = [...all, counted];
const rows = 25;
/** Every third call in `npm test`, another third for each of the two tests; every call in `npm run test:hostile`. */
const every = process.env.HOSTILE === undefined ? 3 : 1;

/** From the first query to the end: a service that was there before, with its rows. */
async function wholeLife(context: PhaseContext): Promise<void> {
  await expand(context, migrations);
  await backfill(context, migrations);
  await contract(context, migrations, ['002_nick']);
}

/** Every call is counted; the one with the number `at` fails, before its work or after. */
function losing(database: SchemaDatabase, at: number, when: 'before' | 'after') {
  let calls = 0;
  const lost = () => new MigrationError('unreachable', 'the connection was lost');
  const losingCall =
    (call: (...args: readonly unknown[]) => unknown) =>
    async (...args: readonly unknown[]): Promise<unknown> => {
      const isLost = calls++ === at;
      if (isLost && when === 'before') throw lost();
      const result = await call(...args);
      if (isLost) throw lost();
      return result;
    };
  const entries = Object.entries(database).map(([name, value]) => [
    name,
    typeof value === 'function' && name !== 'locked' ? losingCall(value as () => unknown) : value,
  ]);
  return { database: Object.fromEntries(entries) as SchemaDatabase, calls: () => calls };
}

async function withRows(): Promise<PhaseStage> {
  const stage = await phaseStage();
  await expand(stage.context, all.slice(0, 1));
  stage.addUsers(rows);
  return stage;
}

async function outcome({ database, service, states }: PhaseStage) {
  return {
    states: await states(),
    catalog: await database.catalog(),
    rows: service('SELECT count(*) AS n, sum(touched = 1) AS once, sum(nick IS NOT NULL) AS nicks FROM users'),
    counts: (await database.ledger()).map(({ rowsDone }) => rowsDone),
  };
}

test.each(['before', 'after'] as const)('lost %s', { timeout: 240_000 }, async (when) => {
  const undisturbed = await withRows();
  const counting = losing(undisturbed.database, -1, when);
  await wholeLife({ ...undisturbed.context, database: counting.database });
  const wanted = await outcome(undisturbed);
  expect(wanted.rows).toEqual([{ n: rows, once: rows, nicks: rows }]);
  expect(wanted.states).toEqual(['001_users done', '002_nick done', '003_counted done']);
  await undisturbed.end();
  expect(counting.calls()).toBeGreaterThan(40);

  for (let at = every > 1 && when === 'after' ? 1 : 0; at < counting.calls(); at += every) {
    const stage = await withRows();
    const { database } = losing(stage.database, at, when);
    await expect(wholeLife({ ...stage.context, database }), `call ${at}`).rejects.toMatchObject({
      code: 'unreachable',
    });
    await wholeLife(stage.context);
    expect(await outcome(stage), `call ${at}`).toEqual(wanted);
    // After a cut at the very end the next run does not compare, and never reports a hand edit.
    expect([undefined, wanted.catalog], `call ${at}`).toContainEqual(await stage.database.rememberedCatalog());
    await stage.end();
  }
});
