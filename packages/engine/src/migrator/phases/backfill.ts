// Fills what an expand step added, batch by batch while the service runs. The migrators' lock is held for one batch at
// a time, so that a backfill of hours prevents no deployment from expanding.

import { pause } from '../../lib/clock.ts';
import type { LedgerRow } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { refuseEdits } from './edits.ts';
import { firstPace, msLeft, nextPace, type Pace } from './pace.ts';
import { planBackfill } from './plan.ts';
import { hasRun, printOf, restingState, rowOf, unfinishedStage } from './progress.ts';
import { refuseDisorder, stopIfAsked } from './refuse.ts';
import { noting } from './run-stage.ts';

type PlannedBackfill = ReturnType<typeof planBackfill>[number];

/** Rows that appeared behind the cursor get a second pass; if some are left after it, no trigger fills them. */
const passes = 2;

/** Continues where it was cut off. @returns the ids that are filled now. @throws MigrationError */
export async function backfill(context: PhaseContext, migrations: readonly Migration[]): Promise<readonly string[]> {
  const ledger = await context.database.ledger();
  refuseEdits(context, migrations, ledger);
  const planned = planBackfill(migrations, ledger);
  if (planned.length > 0) refuseDisorder(context.dialect, migrations, ledger);
  for (const each of planned) await fill(context, each);
  return planned.map(({ migration }) => migration.id);
}

async function fill(context: PhaseContext, planned: PlannedBackfill): Promise<void> {
  const { clock, say } = context;
  const { id } = planned.migration;
  const began = clock.now();
  if (!(await begin(context, planned))) return;
  say({ kind: 'begun', id, stage: 'backfill' });
  await noting(context, id, 'backfilling', () => passOverRows(context, planned));
  say({ kind: 'done', id, stage: 'backfill', tookMs: clock.now() - began });
}

/** False when another migrator has filled it while this one waited for its turn. */
async function begin(
  { database, dialect, lockWaitMs, signal }: PhaseContext,
  { migration, file }: PlannedBackfill,
): Promise<boolean> {
  return await database.locked(lockWaitMs, signal, async () => {
    const row = rowOf(await database.ledger(), migration.id);
    if (!row || hasRun(row, 'backfill')) return false;
    const goesOn = unfinishedStage(row) === 'backfill';
    const fromStart = { cursor: undefined, rowsDone: 0, rowsTotal: await database.countRows(file.table) };
    await database.mark(migration.id, {
      state: 'backfilling',
      during: undefined,
      problem: undefined,
      files: { ...row.files, backfill: printOf(file, dialect) },
      ...(goesOn ? {} : fromStart),
    });
    return true;
  });
}

async function passOverRows(context: PhaseContext, planned: PlannedBackfill): Promise<void> {
  const { migration, file } = planned;
  for (let pass = 1; pass <= passes; pass += 1) {
    if (!(await batchByBatch(context, planned))) return;
    const left = file.verify === undefined ? 0 : await context.database.verify(file.verify);
    if (left === 0) return await finish(context, migration);
    if (pass === passes)
      throw new MigrationError('failed', `${file.file}: ${left} rows are left after ${passes} passes: ${file.verify}`, {
        hint: 'The old release writes rows that nothing fills: let a trigger of the expand step keep them in step, then repair and run again.',
      });
    context.say({
      kind: 'warning',
      id: migration.id,
      sentence: `${left} rows are left; going through the table again`,
    });
    await ifOurs(context, migration.id, () => context.database.mark(migration.id, { cursor: undefined, rowsDone: 0 }));
  }
}

/** False when the row is no longer being filled: another migrator has finished it, or a person took it back. */
async function batchByBatch(context: PhaseContext, { migration, file }: PlannedBackfill): Promise<boolean> {
  const { database, dialect, clock, limits, signal } = context;
  const { id } = migration;
  const targetMs = dialect.batchMs;
  for (let pace = firstPace(file.batch); ; ) {
    const turn = await ifOurs(context, id, async (row) => {
      return { row, batch: await database.backfill(id, file, pace.size, { limits, signal }) };
    });
    if (!turn) return false;
    if (turn.batch.cursor === undefined) return true;
    pace = nextPace(pace, turn.batch, targetMs);
    sayProgress(context, turn.row, turn.batch.rows, pace);
    await pause(clock, pace.sleepMs, signal);
    stopIfAsked(signal);
  }
}

function sayProgress({ say }: PhaseContext, row: LedgerRow, rows: number, pace: Pace): void {
  const rowsDone = row.rowsDone + rows;
  // The count at the beginning was an estimate, and the table grows.
  const rowsTotal = row.rowsTotal === undefined ? undefined : Math.max(row.rowsTotal, rowsDone);
  say({ kind: 'progress', id: row.id, rowsDone, rowsTotal, msLeft: msLeft(pace, rowsDone, rowsTotal) });
}

async function finish(context: PhaseContext, migration: Migration): Promise<void> {
  await ifOurs(context, migration.id, async (row) => {
    const state = restingState(migration, (stage) => stage === 'backfill' || hasRun(row, stage));
    await context.database.mark(migration.id, { state, during: undefined, problem: undefined });
  });
}

/** Does one thing under the lock, unless the state of the row has changed meanwhile. */
async function ifOurs<T>(
  { database, lockWaitMs, signal }: PhaseContext,
  id: string,
  work: (row: LedgerRow) => Promise<T>,
): Promise<T | undefined> {
  return await database.locked(lockWaitMs, signal, async () => {
    const row = rowOf(await database.ledger(), id);
    return row?.state === 'backfilling' ? await work(row) : undefined;
  });
}
