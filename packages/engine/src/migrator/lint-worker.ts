// The thread that `lint-aside` starts: one task, one answer. The task names its dialect: threads cannot get functions.

import { parentPort, workerData } from 'node:worker_threads';
import type { Dialect, LintOptions } from './dialect.ts';
import type { Migration } from './files/migration.ts';

export interface LintTask {
  readonly kind: string;
  /** URL of the module that exports the dialect of this kind. */
  readonly module: string;
  readonly migrations: readonly Migration[];
  readonly options: LintOptions;
}

const { kind, module, migrations, options } = workerData as LintTask;
const found = (await import(module)) as Readonly<Record<string, Dialect | undefined>>;
const dialect = Object.values(found).find((each) => each?.kind === kind);
if (!dialect) throw new Error(`there is no dialect of ${kind}`);
await dialect.load();
parentPort?.postMessage(dialect.lint(migrations, options));
