// A migrator in a separate process, killed with all that it started.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Migration } from '../files/migration.ts';
import type { MigrationEvent } from '../phases/context.ts';
import type { DatabaseFixture } from './fixture.ts';

const script = join(import.meta.dirname, '../testing/migrating-process.ts');
const limitMs = 50_000;

export interface MigratorEnd {
  readonly events: readonly MigrationEvent[];
  /** Null when it was killed. */
  readonly code: number | null;
  readonly stderr: string;
}

export interface KillTime {
  readonly until?: (events: readonly MigrationEvent[]) => boolean;
  readonly afterMs?: number;
}

/** Runs it, and kills its process group as soon as `until` says so, or `afterMs` later. */
export async function runMigrator(
  { opener }: Pick<DatabaseFixture, 'opener'>,
  phase: 'expand' | 'backfill',
  migrations: readonly Migration[],
  { until = () => false, afterMs = 0 }: KillTime = {},
): Promise<MigratorEnd> {
  const argv = [script, opener.module, opener.options, phase, JSON.stringify(migrations)];
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const events: MigrationEvent[] = [];
  let rest = '';
  let stderr = '';
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL');
  };
  const limit = setTimeout(kill, limitMs);
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as MigrationEvent);
    if (until(events)) setTimeout(kill, afterMs);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  return { events, code, stderr };
}
