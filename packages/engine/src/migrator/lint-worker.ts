// The thread that `lint-aside` starts: one task, one answer. The task names its dialect, since a function crosses no thread.

import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseKind, Dialect, LintOptions } from './dialect.ts';
import type { Migration } from './files/migration.ts';

export interface LintTask {
  readonly kind: DatabaseKind;
  readonly migrations: readonly Migration[];
  readonly options: LintOptions;
}

const { kind, migrations, options } = workerData as LintTask;
const found = (await import(`./${kind}/dialect.ts`)) as Readonly<Record<string, Dialect | undefined>>;
const dialect = found[`${kind}Dialect`];
if (!dialect) throw new Error(`there is no dialect of ${kind}`);
await dialect.load();
parentPort?.postMessage(dialect.lint(migrations, options));
