// Every transaction of this process that writes audit rows passes two moments: its rows are written and not committed;
// they are committed. It is named by what it writes.

import Database from 'better-sqlite3';

export type PassMoment = (label: string, edge: 'before' | 'after') => void;

interface AuditLine {
  readonly action: string;
  readonly sentence: string;
}

type Transaction = (this: unknown, ...given: unknown[]) => unknown;
const kinds = ['default', 'deferred', 'immediate', 'exclusive'] as const;
type Kinds = Record<(typeof kinds)[number], Transaction>;

/** @param committed is called after every transaction, also after one that decides nothing */
export function hookCommits(pass: PassMoment, committed: (database: Database.Database) => void = () => {}): void {
  const made = Database.prototype.transaction as unknown as (work: Transaction) => Transaction & Kinds;
  const hooked = function (this: Database.Database, work: Transaction): Transaction & Kinds {
    let label: string | undefined;
    let isOuter = true;
    const inner = made.call(this, (...given) => {
      if (!isOuter) return work(...given);
      const newest = newestOf(this);
      const result = work(...given);
      label = newest === undefined ? undefined : labelOf(linesAfter(this, newest));
      if (label !== undefined) pass(label, 'before');
      return result;
    });
    const around =
      (run: Transaction): Transaction =>
      (...given) => {
        isOuter = !this.inTransaction;
        label = undefined;
        const result = run(...given);
        if (isOuter && label !== undefined) pass(label, 'after');
        if (isOuter) committed(this);
        return result;
      };
    const outer = around(inner) as Transaction & Kinds;
    for (const kind of kinds) Object.defineProperty(outer, kind, { value: around(inner[kind]) });
    return outer;
  };
  Object.defineProperty(Database.prototype, 'transaction', { value: hooked });
}

/** Undefined before there is a log. */
function newestOf(database: Database.Database): number | undefined {
  const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'audit'").get();
  if (isThere === undefined) return undefined;
  return Number(database.prepare('SELECT coalesce(max(seq), 0) FROM audit').pluck().get());
}

const linesAfter = (database: Database.Database, seq: number): readonly AuditLine[] =>
  database.prepare('SELECT action, sentence FROM audit WHERE seq > ? ORDER BY seq').all(seq) as AuditLine[];

const aboutSteps = /^(step|undo)-/;

/** `commit step-done promote`; undefined for a transaction that decides nothing. */
function labelOf(lines: readonly AuditLine[]): string | undefined {
  if (lines.length === 0) return undefined;
  const words = lines.map(({ action, sentence }) =>
    aboutSteps.test(action) ? `${action} ${sentence.split(/[:,]/)[0]}` : action,
  );
  return `commit ${words.join(' + ')}`;
}
