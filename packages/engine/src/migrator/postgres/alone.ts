// A file that says `@no-transaction` holds one statement. PostgreSQL refuses some of them within a transaction: those
// are looked up before they run (done already? half done?), so that the run after a killed one never guesses.

import { performance } from 'node:perf_hooks';
import type { Node } from 'libpg-query';
import { MigrationError } from '../error.ts';
import { detachPartition } from './detach.ts';
import { isCanceled, stateOf } from './errors.ts';
import { buildIndex, dropIndex, rebuildIndexes } from './index-build.ts';
import { writeLedger } from './ledger.ts';
import { body } from './rules/tree.ts';
import { type Alone, type Bounds, type FileRun, type Hands, inOneTransaction, located, statementsOf } from './run.ts';
import { type BlockedBy, watched } from './watch.ts';

const insideTransaction = '25001';

export async function runAlone(hands: Hands, run: FileRun): Promise<void> {
  const [statement, second] = statementsOf(run.file);
  if (statement === undefined) return await note(hands, run);
  if (second !== undefined)
    throw new MigrationError(
      'failed',
      `${run.file.file}:${second.line}: a file with @no-transaction holds one statement`,
      {
        hint: 'Put each into a migration of its own.',
      },
    );
  const alone: Alone = { hands, run, statement, execute: (sql, bounds) => execute(hands, run, sql, bounds) };
  const step = stepOf(statement.node);
  if (step === undefined) return await anyStatement(alone);
  await timed(alone, () => step(alone)).catch((thrown: unknown) => {
    throw located(thrown, { file: run.file.file, present: statement }, run);
  });
  await note(hands, run);
}

type Step = (alone: Alone) => Promise<void>;

function stepOf(node: Node): Step | undefined {
  if ('IndexStmt' in node && node.IndexStmt.concurrent) return (alone) => buildIndex(alone, node.IndexStmt);
  if ('DropStmt' in node && node.DropStmt.concurrent) return (alone) => dropIndex(alone, node.DropStmt);
  if ('ReindexStmt' in node) return (alone) => rebuildIndexes(alone);
  if (!('AlterTableStmt' in node)) return undefined;
  const command = body(node.AlterTableStmt.cmds?.[0], 'AlterTableCmd');
  const partition = body(command?.def, 'PartitionCmd');
  const { relation } = node.AlterTableStmt;
  if (command?.subtype !== 'AT_DetachPartition' || !partition?.concurrent || !partition.name || !relation)
    return undefined;
  const [parent, child] = [relation, partition.name];
  return (alone) => detachPartition(alone, parent, child);
}

/** In a transaction where the server allows it: atomic, with its row. What the server refuses there is repeatable. */
async function anyStatement(alone: Alone): Promise<void> {
  const { hands, run, statement, execute } = alone;
  try {
    await inOneTransaction(hands, run, [statement]);
  } catch (thrown) {
    if (!(thrown instanceof MigrationError) || stateOf(thrown.cause) !== insideTransaction) throw thrown;
    await timed(alone, () => execute(statement.text)).catch((failure: unknown) => {
      throw located(failure, { file: run.file.file, present: statement }, run);
    });
    await note(hands, run);
  }
}

/** Outside of a transaction its locks are gone before they could be read. */
async function timed({ hands: { see }, run, statement }: Alone, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await work();
  const { text, line } = statement;
  const tookMs = Math.round(performance.now() - began);
  see?.({ file: run.file.file, line, text, tookMs, rows: undefined, locks: undefined });
}

const note = ({ session, tables, clock }: Hands, { id, outcome }: FileRun) =>
  writeLedger({ session, tables }, id, outcome, clock.now());

async function execute(
  { session, watcher, clock }: Hands,
  run: FileRun,
  sql: string,
  bounds: Bounds = {},
): Promise<void> {
  const { patienceMs = run.limits.lockTotalMs, signal = run.signal } = bounds;
  const began = clock.now();
  const work = async (blockedBy: BlockedBy) => {
    // A timeout of the lock would leave an index behind that is half built.
    await session.ask("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)");
    await session.execute(sql).catch((thrown: unknown) => {
      const by = blockedBy();
      if (by === undefined || signal.aborted || !isCanceled(thrown)) throw thrown;
      throw waitedTooLong(clock.now() - began, by, thrown);
    });
  };
  try {
    await watched({ clock, session, watcher, signal }, work, patienceMs);
  } finally {
    if (session.isAlive()) await session.restore();
  }
}

function waitedTooLong(waitedMs: number, by: string, cause: unknown): MigrationError {
  return new MigrationError('blocked', `kept waiting for ${Math.round(waitedMs / 1_000)} s: ${by}`, {
    hint: 'End or wait for what it waits for; the next run tries again.',
    cause,
  });
}
