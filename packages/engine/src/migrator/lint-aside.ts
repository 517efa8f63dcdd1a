// Migrations are text from other authors, and some shapes of SQL cost a parser minutes. Large ones are judged in a
// separate thread, with a limit on time and memory, so that the thread that renews the lease is not blocked.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { deadline } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { ownProgram } from '../lib/own-files.ts';
import type { Dialect, LintOptions } from './dialect.ts';
import { MigrationError } from './error.ts';
import { filesOf, type Migration } from './files/migration.ts';
import type { Finding } from './lint/finding.ts';
import type { LintTask } from './lint-worker.ts';

/** All files together; less than that takes no parser longer than a second. */
const smallBytes = 16 * 1024;
const limitMs = 30_000;
const memoryMb = 1_024;

/** As `dialect.lint`. @throws MigrationError `files-invalid` when they cannot be judged in time */
export async function lintAside(
  dialect: Pick<Dialect, 'kind' | 'module' | 'lint'>,
  migrations: readonly Migration[],
  options: LintOptions = {},
  within: { readonly limitMs: number } = { limitMs },
): Promise<readonly Finding[]> {
  const bytes = migrations.flatMap(filesOf).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes <= smallBytes) return dialect.lint(migrations, options);
  const workerData: LintTask = { kind: dialect.kind, module: dialect.module, migrations, options };
  const worker = new Worker(ownProgram(import.meta.url, 'lint-worker.ts', 'lint-worker'), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const limit = deadline(within.limitMs);
  try {
    const [findings] = (await once(worker, 'message', { signal: limit })) as [readonly Finding[]];
    return findings;
  } catch (thrown) {
    const why = limit.aborted ? `within ${within.limitMs / 1_000} s` : `: ${messageOf(thrown)}`;
    throw new MigrationError('files-invalid', `the migrations (${bytes} bytes of SQL) could not be judged ${why}`, {
      hint: 'Make the files smaller: load data with a program of its own, and leave out what no statement needs.',
      cause: thrown,
    });
  } finally {
    await worker.terminate();
  }
}
