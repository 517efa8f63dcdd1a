// One database's migrator, made of its dialect, its driver and the phases. Each query and each action opens a separate
// connection and closes it: the engine holds none open while there is nothing to do.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { maskIn, secretsIn } from './address.ts';
import { assess, type EvidenceParts } from './assess.ts';
import { makeRestorePoint, type RestorePoint } from './before-contract.ts';
import type { RunLimits, SchemaDatabase } from './database.ts';
import { MigrationError } from './error.ts';
import type { Migration } from './files/migration.ts';
import { formatFileProblem, readMigrations } from './files/read.ts';
import { fit } from './fit.ts';
import type { Migrator, SchemaAct, SchemaVerdict, SchemaWork, TryRequest } from './migrator.ts';
import type { OnlineTool } from './online-tool.ts';
import { backfill } from './phases/backfill.ts';
import { baseline } from './phases/baseline.ts';
import type { PhaseContext } from './phases/context.ts';
import { contract } from './phases/contract.ts';
import { expand } from './phases/expand.ts';
import { repair } from './phases/repair.ts';
import { revert } from './phases/revert.ts';
import { status } from './phases/status.ts';
import { examined, planSchema } from './schema-plan.ts';
import type { SeeStatement } from './statement-seen.ts';
import { type TryReport, tryOnCopy } from './try-copy.ts';

export interface MigratorParts extends EvidenceParts {
  /** As it is now, with its secrets. @throws MigrationError */
  readonly address: () => string;
  /** Of the ledger, as configured. */
  readonly table: string;
  readonly connect: (address: string, onStatement?: SeeStatement) => Promise<SchemaDatabase>;
  /** Which database of which running server it is: equal for two ways to one. @throws MigrationError */
  readonly identity: (address: string) => Promise<string>;
  /** Puts variables into an address that a person names. @throws MigrationError */
  readonly filledIn: (address: string) => string;
  /** Name of the folder in a release. */
  readonly folder: string;
  readonly limits: RunLimits;
  readonly beforeContract: RestorePoint | undefined;
  /** As configured: tables that others change too. */
  readonly sharedTables: readonly string[];
  /** As configured: what files with `@online` may name. */
  readonly onlineTools: readonly OnlineTool[];
  /** How long another migrator is waited for. */
  readonly lockWaitMs: number;
  readonly clock: Clock;
}

export function createMigrator(parts: MigratorParts): Migrator {
  const { dialect, folder, clock, limits, lockWaitMs, sharedTables, onlineTools, beforeContract } = parts;
  const filesOf = (releaseFolder: string) => readMigrations(join(releaseFolder, folder));
  const using = <T>(work: (database: SchemaDatabase, address: string) => Promise<T>): Promise<T> =>
    onConnection(parts, work);
  return {
    kind: dialect.kind,
    place: () => placeOf(parts),
    plan: (releaseFolder) =>
      using(async (database) => {
        await dialect.load();
        return planSchema(filesOf(releaseFolder), await database.ledger(), dialect, parts);
      }),
    status: (releaseFolder) =>
      using(async (database) => {
        await dialect.load();
        return status(database, dialect, sound(filesOf(releaseFolder)), sharedTables);
      }),
    compatible: (releaseFolders, afterwards = []) =>
      using(async (database) => {
        const ledger = await database.ledger();
        return releaseFolders.map((each): SchemaVerdict => {
          const files = filesOf(each);
          return files.ok
            ? fit(files.migrations, ledger, afterwards)
            : { verdict: 'unknown', lost: [], evidence: `its migrations cannot be read: ${examined(files.problems)}` };
        });
      }),
    assess: (question, signal) =>
      using(async (database, address) => {
        await dialect.load();
        return assess(
          { ...parts, filesOf: (each) => sound(filesOf(each)), address },
          await database.ledger(),
          question,
          signal,
        );
      }),
    tryOn: (releaseFolder, request, work) => tryNamed(parts, () => sound(filesOf(releaseFolder)), request, work),
    restorePoint: async (facts, signal) =>
      beforeContract && (await makeRestorePoint(beforeContract, facts, { address: parts.address(), signal })),
    activity: () => using((database) => database.activity()),
    run: (releaseFolder, act, work) =>
      using(async (database) => {
        await dialect.load();
        const settings = { clock, limits, lockWaitMs, sharedTables, onlineTools };
        const context: PhaseContext = { database, dialect, ...settings, ...work };
        return perform(context, sound(filesOf(releaseFolder)), act);
      }),
  };
}

/** A digest, since the address holds a password. */
function placeOf({ address, table }: MigratorParts): string | undefined {
  try {
    return createHash('sha256').update(`${table}\n${address()}`).digest('hex');
  } catch {
    return undefined;
  }
}

async function perform(
  context: PhaseContext,
  migrations: readonly Migration[],
  act: SchemaAct,
): Promise<readonly string[]> {
  switch (act.kind) {
    case 'expand':
      return expand(context, migrations);
    case 'backfill':
      return backfill(context, migrations);
    case 'contract':
      return contract(context, migrations, act.ids);
    case 'revert':
      await revert(context, migrations, act);
      return [act.id];
    case 'repair':
      await repair(context, migrations, act.repair, act.because);
      return act.repair.kind === 'accept-drift' ? [] : [act.repair.id];
    case 'baseline':
      return baseline(context, migrations, act.upTo);
    default:
      return act satisfies never;
  }
}

async function tryNamed(
  parts: MigratorParts,
  migrations: () => readonly Migration[],
  request: TryRequest,
  work: SchemaWork,
): Promise<TryReport> {
  const { dialect, clock, limits, lockWaitMs, connect, sharedTables, onlineTools } = parts;
  const secrets: string[] = secretsIn(request.copy).slice();
  try {
    const [live, copy] = [parts.address(), parts.filledIn(request.copy)];
    secrets.push(...secretsIn(live), ...secretsIn(copy));
    await dialect.load();
    await refuseLive(parts, live, copy);
    const open = (onStatement: SeeStatement) => connect(copy, onStatement);
    const report = await tryOnCopy(
      { context: { dialect, clock, limits, lockWaitMs, sharedTables, onlineTools, ...work }, open },
      migrations(),
      request,
    );
    return { ...report, problem: report.problem && maskIn(report.problem, secrets) };
  } catch (thrown) {
    throw withoutSecrets(thrown, secrets);
  }
}

async function refuseLive({ identity }: MigratorParts, live: string, copy: string): Promise<void> {
  const at = (where: string) => (thrown: unknown) => {
    if (!(thrown instanceof MigrationError)) throw thrown;
    const { code, message, hint } = thrown;
    throw new MigrationError(code, `${where}: ${message}`, { cause: thrown, ...(hint && { hint }) });
  };
  const there = await identity(copy).catch(at('the copy'));
  const here = await identity(live).catch(at('the live database, from which the copy must differ'));
  if (here === there)
    throw new MigrationError('not-allowed', 'the address of the copy leads to the live database itself', {
      hint: 'Restore a backup into another database, and name that.',
    });
}

function sound(files: ReturnType<typeof readMigrations>): readonly Migration[] {
  if (files.ok) return files.migrations;
  throw new MigrationError('files-invalid', files.problems.map(formatFileProblem).join('; '), {
    hint: 'Mend the files and publish them under a new version.',
  });
}

async function onConnection<T>(
  { address: findAddress, connect }: MigratorParts,
  work: (database: SchemaDatabase, address: string) => Promise<T>,
): Promise<T> {
  const address = findAddress();
  try {
    const database = await connect(address);
    try {
      return await work(database, address);
    } finally {
      await database.close();
    }
  } catch (thrown) {
    throw withoutSecrets(thrown, secretsIn(address));
  }
}

/** Its cause is left behind, since that may hold the address too; what a driver throws by itself is the server's text. */
function withoutSecrets(thrown: unknown, secrets: readonly string[]): Error {
  // One of the engine's own errors, thrown by the caller's code in a notification: a lost lease, for example.
  if (thrown instanceof BlueGreenError) return thrown;
  const { code, hint } = thrown instanceof MigrationError ? thrown : ({ code: 'failed', hint: undefined } as const);
  const shown = maskIn(messageOf(thrown), secrets);
  return new MigrationError(code, shown, hint === undefined ? {} : { hint: maskIn(hint, secrets) });
}
