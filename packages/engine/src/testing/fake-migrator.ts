// A migrator for the tests of the flow: the real phases on files of real releases, over a database in this process. It
// signs the contract of migrators, but lints nothing: a test decides what rules and evidence say.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { MigrationError } from '../migrator/error.ts';
import type { CompatReport } from '../migrator/evidence/report.ts';
import type { Migration } from '../migrator/files/migration.ts';
import { formatFileProblem, readMigrations } from '../migrator/files/read.ts';
import { fit } from '../migrator/fit.ts';
import type { Assessment, Migrator, SchemaPlan, SchemaWork } from '../migrator/migrator.ts';
import { backfill } from '../migrator/phases/backfill.ts';
import type { PhaseContext } from '../migrator/phases/context.ts';
import { contract } from '../migrator/phases/contract.ts';
import { expand } from '../migrator/phases/expand.ts';
import { planBackfill, planContract, planExpand } from '../migrator/phases/plan.ts';
import { status } from '../migrator/phases/status.ts';
import { createFakeDatabase, type FakeDatabase } from './fake-database.ts';

export interface FakeMigrators {
  readonly database: FakeDatabase;
  /** Every question for evidence, in order. */
  readonly asked: readonly Assessment[];
  /** As one more engine holds it. */
  create(): Migrator;
  /** What evidence says of every change from now on. Default: compatible, and it only adds. */
  judge(report: Partial<CompatReport>): void;
  /** What the rules say of every release from now on. */
  lint(said: Partial<Pick<SchemaPlan, 'problems' | 'accepted' | 'reviews' | 'warnings'>>): void;
  /** What the configured command prints before a contract; none is configured without it. */
  restorePoint(printed: string | undefined): void;
}

const harmless: CompatReport = {
  verdict: 'compatible',
  additive: true,
  findings: [],
  coverage: [],
  scratch: 'a copy was made',
  notChecked: [],
};

interface Held {
  readonly database: FakeDatabase;
  readonly clock: Clock;
  readonly asked: Assessment[];
  report: CompatReport;
  said: Pick<SchemaPlan, 'problems' | 'accepted' | 'reviews' | 'warnings'>;
  printed: string | undefined;
}

export function createFakeMigrators(clock: Clock): FakeMigrators {
  const nothing = { problems: [], accepted: [], reviews: [], warnings: [] };
  const database = createFakeDatabase(clock);
  const held: Held = { database, clock, asked: [], report: harmless, said: nothing, printed: undefined };
  return {
    database,
    asked: held.asked,
    create: () => migratorOn(held),
    judge: (report) => {
      held.report = { ...harmless, ...report };
    },
    lint: (said) => {
      held.said = { ...nothing, ...said };
    },
    restorePoint: (printed) => {
      held.printed = printed;
    },
  };
}

function migratorOn(held: Held): Migrator {
  const { database, asked } = held;
  const denied = async (): Promise<never> => {
    throw new MigrationError('not-allowed', 'the fake database has no copy and no activity');
  };
  return {
    kind: 'sqlite',
    place: () => 'the fake database',
    plan: async (folder) => {
      await database.at('plan');
      return planOf(held, folder);
    },
    status: async (folder) => {
      await database.at('status');
      return status(database, { fingerprint }, sound(folder));
    },
    compatible: async (folders, afterwards = []) => {
      await database.at('compatible');
      const ledger = await database.ledger();
      return folders.map((folder) => {
        const files = readMigrations(join(folder, 'migrations'));
        return files.ok
          ? fit(files.migrations, ledger, afterwards)
          : { verdict: 'unknown', lost: [], evidence: 'its migrations cannot be read' };
      });
    },
    assess: async (question) => {
      await database.at('assess');
      asked.push(question);
      return held.report;
    },
    tryOn: denied,
    activity: denied,
    restorePoint: async () => {
      await database.at('restore-point');
      return held.printed;
    },
    run: async (folder, act, work) => {
      switch (act.kind) {
        case 'expand':
          return expand(contextOf(held, work), sound(folder));
        case 'backfill':
          return backfill(contextOf(held, work), sound(folder));
        case 'contract':
          return contract(contextOf(held, work), sound(folder), act.ids);
        default:
          return denied();
      }
    },
  };
}

async function planOf({ database, said }: Held, folder: string): Promise<SchemaPlan> {
  const files = readMigrations(join(folder, 'migrations'));
  const migrations = files.ok ? files.migrations : [];
  const ledger = await database.ledger();
  const { ready, waiting } = planContract(migrations, ledger);
  const expanded = planExpand(migrations, ledger).map(({ migration }) => migration);
  return {
    ...said,
    problems: files.ok ? said.problems : files.problems.map(formatFileProblem),
    expand: expanded.map(({ id }) => id),
    backfill: [
      ...planBackfill(migrations, ledger).map(({ migration }) => migration.id),
      ...expanded.filter((migration) => migration.backfill).map(({ id }) => id),
    ],
    byTool: [],
    contract: { ready: ready.map(({ migration, file }) => ({ id: migration.id, text: file.text })), waiting },
  };
}

function sound(folder: string): readonly Migration[] {
  const files = readMigrations(join(folder, 'migrations'));
  if (files.ok) return files.migrations;
  throw new MigrationError('files-invalid', files.problems.map(formatFileProblem).join('; '));
}

const fingerprint = (text: string): string => createHash('sha256').update(text.toLowerCase()).digest('hex');

function contextOf({ database, clock }: Held, work: SchemaWork): PhaseContext {
  const limits = { lockTimeoutMs: 500, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 5_000 };
  const dialect = { fingerprint, transactionalSchema: true, batchMs: 100 };
  return { database, dialect, clock, limits, lockWaitMs: 5_000, sharedTables: [], ...work };
}
