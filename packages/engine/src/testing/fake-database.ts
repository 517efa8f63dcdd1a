// A database in this process: a ledger, and rows that a backfill goes through. It holds what outlives every migrator.

import type { Clock } from '../lib/clock.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import type { LedgerChange, LedgerOutcome, LedgerRow, SchemaDatabase } from '../migrator/database.ts';
import { MigrationError } from '../migrator/error.ts';

/** What a test may do before it happens, such as throw, or change the state as another process would. */
export type Moment = 'plan' | 'status' | 'compatible' | 'assess' | 'restore-point' | 'expand' | 'batch' | 'contract';

export interface FakeDatabase extends SchemaDatabase {
  readonly rows: Map<string, LedgerRow>;
  /** What was changed, in order: `expand 001_users`, `fill 001_users to 10`, `contract 001_users`. */
  readonly story: string[];
  /** Of the table that is filled. */
  rowsTotal: number;
  /** What changed by hand; a catalog is remembered after each run. */
  catalogNow: Record<string, string>;
  at(moment: Moment): Promise<void>;
  before(moment: Moment, act?: () => void | Promise<void>): void;
}

export function createFakeDatabase(clock: Clock): FakeDatabase {
  const rows = new Map<string, LedgerRow>();
  const acts = new Map<Moment, () => void | Promise<void>>();
  const story: string[] = [];
  const mutex = createKeyedMutex();
  let remembered: Readonly<Record<string, string>> | undefined;
  const leave = (id: string, outcome: LedgerOutcome): void => {
    if (outcome === 'forgotten') rows.delete(id);
    else rows.set(id, changed(rows.get(id), { id, updatedAt: clock.now() }, outcome));
  };
  const database: FakeDatabase = {
    kind: 'fake',
    rows,
    story,
    rowsTotal: 30,
    catalogNow: {},
    at: async (moment) => acts.get(moment)?.(),
    before: (moment, act) => void (act ? acts.set(moment, act) : acts.delete(moment)),
    ledger: async () => [...rows.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    locked: (_waitMs, _signal, work) => mutex('the one migrator', work),
    mark: async (id, change) => leave(id, change),
    forget: async (id) => leave(id, 'forgotten'),
    run: async (id, { stage }, then, { signal }) => {
      await database.at(stage === 'contract' ? 'contract' : 'expand');
      if (signal.aborted) throw new MigrationError('stopped', 'the statement was stopped');
      leave(id, then);
      story.push(`${stage} ${id}`);
    },
    backfill: async (id, _file, size, { signal }) => {
      await database.at('batch');
      if (signal.aborted) throw new MigrationError('stopped', 'the batch was stopped');
      const from = Number(rows.get(id)?.cursor ?? 0);
      const to = Math.min(from + size, database.rowsTotal);
      if (to === from) return { rows: 0, cursor: undefined, tookMs: 0, pressed: false };
      leave(id, { cursor: String(to), rowsDone: to });
      story.push(`fill ${id} to ${to}`);
      return { rows: to - from, cursor: String(to), tookMs: 100, pressed: false };
    },
    countRows: async () => database.rowsTotal,
    verify: async () => 0,
    catalog: async () => database.catalogNow,
    searchPath: async () => undefined,
    rememberCatalog: async (catalog) => {
      remembered = catalog;
    },
    rememberedCatalog: async () => remembered,
    activity: async () => {
      throw new MigrationError('denied', 'the activity of the fake database cannot be read');
    },
    close: async () => undefined,
  };
  return database;
}

const fresh: Omit<LedgerRow, 'id' | 'updatedAt'> = {
  state: 'expanding',
  during: undefined,
  files: {},
  statementsDone: 0,
  cursor: undefined,
  rowsDone: 0,
  rowsTotal: undefined,
  problem: undefined,
};

function changed(
  before: LedgerRow | undefined,
  now: Pick<LedgerRow, 'id' | 'updatedAt'>,
  change: LedgerChange,
): LedgerRow {
  return { ...fresh, ...before, ...change, ...now };
}
