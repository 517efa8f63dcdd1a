// What every phase receives, and what it reports while it works.

import type { Clock } from '../../lib/clock.ts';
import type { RunLimits, SchemaDatabase } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { Stage } from '../files/migration.ts';
import type { OnlineTool } from '../online-tool.ts';

export interface PhaseContext {
  readonly database: SchemaDatabase;
  /** Loaded. */
  readonly dialect: Pick<Dialect, 'fingerprint' | 'transactionalSchema' | 'batchMs'>;
  readonly clock: Clock;
  readonly limits: RunLimits;
  /** How long another migrator is waited for. */
  readonly lockWaitMs: number;
  /** Tables that others change too: what changes in them is no drift. */
  readonly sharedTables: readonly string[];
  /** As configured, for files with `@online`. Default: none. */
  readonly onlineTools?: readonly OnlineTool[];
  readonly signal: AbortSignal;
  readonly say: (event: MigrationEvent) => void;
}

export type MigrationEvent =
  | { readonly kind: 'begun'; readonly id: string; readonly stage: Stage; readonly tool?: string | undefined }
  | { readonly kind: 'done'; readonly id: string; readonly stage: Stage; readonly tookMs: number }
  | ({ readonly kind: 'progress' } & BackfillProgress)
  /** Output of the tool of a file with `@online`, or what is done about one that was cut off. */
  | { readonly kind: 'tool'; readonly id: string; readonly tool: string; readonly line: string }
  | { readonly kind: 'warning'; readonly id: string | undefined; readonly sentence: string };

export interface BackfillProgress {
  readonly id: string;
  readonly rowsDone: number;
  /** An estimate; undefined where the database could not count. */
  readonly rowsTotal: number | undefined;
  /** At the pace of late, pauses included; undefined until there is one. */
  readonly msLeft: number | undefined;
}
