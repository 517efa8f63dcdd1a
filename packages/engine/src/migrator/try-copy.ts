// Runs what is pending on a copy with data that a person names, as production would run it: the same phases, the same limits,
// the ledger of the copy. It is never the live database.

import { performance } from 'node:perf_hooks';
import type { SchemaDatabase } from './database.ts';
import { MigrationError } from './error.ts';
import { shortened } from './evidence/prepared.ts';
import type { Migration } from './files/migration.ts';
import { backfill } from './phases/backfill.ts';
import type { PhaseContext } from './phases/context.ts';
import { contract } from './phases/contract.ts';
import { expand } from './phases/expand.ts';
import { planContract } from './phases/plan.ts';
import { revert } from './phases/revert.ts';
import type { SeeStatement, StatementSeen } from './statement-seen.ts';

export interface TryRequests {
  /** Afterwards also what is ready to be contracted. */
  readonly contract: boolean;
  /** Reverts what was expanded, and expands it again where contracts follow. */
  readonly revert: boolean;
}

export interface TryReport {
  readonly ok: boolean;
  /** In the order in which they ran. */
  readonly steps: readonly TriedStep[];
  readonly statements: readonly TriedStatement[];
  /** What is not contracted, and why. */
  readonly waiting: readonly { readonly id: string; readonly why: string }[];
  readonly tookMs: number;
  /** Why it ended early. */
  readonly problem: string | undefined;
  readonly hint: string | undefined;
}

export interface TriedStep {
  readonly phase: 'expand' | 'backfill' | 'revert' | 'contract';
  readonly ids: readonly string[];
  readonly tookMs: number;
  /** Of a backfill. */
  readonly rows?: number;
}

/** The text is on one line, without its literals. */
export type TriedStatement = StatementSeen;

export interface TryParts {
  readonly context: Omit<PhaseContext, 'database'>;
  readonly open: (onStatement: SeeStatement) => Promise<SchemaDatabase>;
}

/** @throws MigrationError for a copy that cannot be reached; what fails on it is part of the report */
export async function tryOnCopy(
  { context, open }: TryParts,
  migrations: readonly Migration[],
  requests: TryRequests,
): Promise<TryReport> {
  const statements: TriedStatement[] = [];
  const steps: TriedStep[] = [];
  const began = performance.now();
  const database = await open((seen) => statements.push({ ...seen, text: shortened(seen.text) }));
  const report = async (problem?: MigrationError): Promise<TryReport> => ({
    ok: problem === undefined,
    steps,
    statements,
    waiting: problem ? [] : planContract(migrations, await database.ledger()).waiting,
    tookMs: Math.round(performance.now() - began),
    problem: problem?.message,
    hint: problem?.hint,
  });
  try {
    await database.ledger();
    await runPhases({ ...context, database }, migrations, { requests, steps });
    return await report();
  } catch (thrown) {
    const isDoor = thrown instanceof MigrationError && ['unreachable', 'denied', 'not-allowed'].includes(thrown.code);
    if (!(thrown instanceof MigrationError) || (isDoor && statements.length === 0)) throw thrown;
    return await report(thrown);
  } finally {
    await database.close();
  }
}

async function runPhases(
  context: PhaseContext,
  migrations: readonly Migration[],
  { requests, steps }: { readonly requests: TryRequests; readonly steps: TriedStep[] },
): Promise<void> {
  let rows = 0;
  const counting: PhaseContext = {
    ...context,
    say: (event) => {
      if (event.kind === 'progress') rows = event.rowsDone;
      context.say(event);
    },
  };
  const step = async (
    phase: TriedStep['phase'],
    work: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> => {
    const began = performance.now();
    rows = 0;
    const ids = await work();
    if (ids.length > 0)
      steps.push({
        phase,
        ids,
        tookMs: Math.round(performance.now() - began),
        ...(phase === 'backfill' ? { rows } : {}),
      });
    return ids;
  };
  const widen = async (): Promise<readonly string[]> => {
    const ids = await step('expand', () => expand(counting, migrations));
    await step('backfill', () => backfill(counting, migrations));
    return ids;
  };
  const expanded = await widen();
  if (requests.revert) {
    await step('revert', async () => {
      for (const id of expanded.toReversed()) await revert(counting, migrations, { id, nothingNeedsIt: true });
      return expanded.toReversed();
    });
    if (requests.contract) await widen();
  }
  if (!requests.contract) return;
  await step('contract', async () => {
    const { ready } = planContract(migrations, await context.database.ledger());
    return contract(
      counting,
      migrations,
      ready.map(({ migration }) => migration.id),
    );
  });
}
