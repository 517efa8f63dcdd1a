// A real SQLite file with a service's table, and everything a phase is handed. For the tests of this folder.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { SchemaDatabase } from '../database.ts';
import type { Migration } from '../files/migration.ts';
import { open } from '../testing/sqlite-opener.ts';
import type { MigrationEvent, PhaseContext } from './context.ts';
import { status } from './status.ts';

export interface PhaseStage {
  readonly context: PhaseContext;
  readonly database: SchemaDatabase;
  /** What the phases said, in order. */
  readonly events: readonly MigrationEvent[];
  readonly file: string;
  states(migrations?: readonly Migration[]): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** @param clock by which batches are paced; real unless a test needs to steer it */
export async function phaseStage(clock: Clock = systemClock): Promise<PhaseStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-phases-'));
  const file = join(folder, 'app.sqlite');
  const { database, dialect } = await open(file);
  const events: MigrationEvent[] = [];
  return {
    context: {
      database,
      dialect,
      clock,
      limits: { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 30_000 },
      lockWaitMs: 10_000,
      signal: new AbortController().signal,
      say: (event) => events.push(event),
    },
    database,
    events,
    file,
    states: async (migrations = []) =>
      (await status(database, dialect, migrations)).migrations.map(({ id, state }) => `${id} ${state}`),
    end: async () => {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
