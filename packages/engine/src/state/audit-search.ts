// Searches of the audit log. Each reads one index from one end, and never more of it than it needs: the log has millions
// of rows, and the newest of them are asked for most.

import type { AuditRow } from '../domain/audit-events.ts';
import type { TargetKey } from '../domain/target.ts';
import { present } from './audit.ts';
import type { Db } from './database.ts';
import { and, asc, desc, eq, gt, gte, isNull, lte, type SQL, sql } from './drizzle.ts';
import { audit } from './schema.ts';

/** All of them together; what is undefined does not narrow the search. */
export interface AuditFilter {
  readonly service?: string | undefined;
  /** Null: rows about the service as a whole. */
  readonly target?: string | null | undefined;
  readonly deploymentId?: string | undefined;
  /** As rows have it: `person:alice`. */
  readonly actor?: string | undefined;
  /** One of these; an empty list finds nothing. */
  readonly actions?: readonly string[] | undefined;
  /** Epoch ms, both included. The time of a row is what the clock said: it may run backwards. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Row numbers, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface AuditPage {
  readonly limit: number;
  readonly order: 'newest-first' | 'oldest-first';
}

/** At most `limit` rows in the order asked for. With times, `withinTimes` comes first. */
export function searchAudit(db: Db, filter: AuditFilter, page: AuditPage): readonly AuditRow[] {
  // Each of these reads one range of an index, which is in order; rows of several ranges at once would have to be sorted.
  const rows = rangesOf(db, filter).flatMap((range) => searchRange(db, range, page).all());
  const sign = page.order === 'newest-first' ? -1 : 1;
  return rows
    .toSorted((one, other) => sign * (one.seq - other.seq))
    .slice(0, page.limit)
    .map(present);
}

type Range = Omit<AuditFilter, 'actions'> & { readonly action?: string | undefined };

function rangesOf(db: Db, { actions, ...rest }: AuditFilter): readonly Range[] {
  const ranges = actions?.map((action) => ({ ...rest, action })) ?? [rest];
  if (rest.service === undefined || rest.target !== undefined) return ranges;
  return ranges.flatMap((range) =>
    leadingOf(wantedIn(range)).includes('service')
      ? [null, ...targetsInLog(db, rest.service ?? '')].map((target) => ({ ...range, target }))
      : [range],
  );
}

/** For the test that looks at the plan of the query. */
export function searchRange(db: Db, range: Range, { limit, order }: AuditPage) {
  return db
    .select()
    .from(audit)
    .where(and(...conditions(range)))
    .orderBy(order === 'newest-first' ? desc(audit.seq) : asc(audit.seq))
    .limit(limit);
}

/**
 * One condition chooses the index; the others are checked on the rows that it finds. `+column` keeps SQLite from taking
 * the index of that column, as it has no statistics to choose by.
 */
function conditions(range: Range): readonly (SQL | undefined)[] {
  const { since, until, from, to } = range;
  const wanted = wantedIn(range);
  const leading = leadingOf(wanted);
  const equal = (column: Column): SQL | undefined => {
    const value = wanted[column];
    if (value === undefined) return undefined;
    if (value === null) return isNull(audit[column]);
    return leading.includes(column) ? eq(audit[column], value) : sql`+${audit[column]} = ${value}`;
  };
  return [
    ...columns.map(equal),
    since === undefined ? undefined : sql`+${audit.at} >= ${since}`,
    until === undefined ? undefined : sql`+${audit.at} <= ${until}`,
    from === undefined ? undefined : gte(audit.seq, from),
    to === undefined ? undefined : lte(audit.seq, to),
  ];
}

const columns = ['deploymentId', 'action', 'actor', 'service', 'target'] as const;
type Column = (typeof columns)[number];
type Wanted = Readonly<Record<Column, string | null | undefined>>;

const wantedIn = ({ deploymentId, action, actor, service, target }: Range): Wanted => ({
  deploymentId,
  action,
  actor,
  service,
  target,
});

/** The one that leaves the fewest rows, as a rule. */
function leadingOf(wanted: Wanted): readonly Column[] {
  const single = (['deploymentId', 'action', 'actor'] as const).find((column) => wanted[column] !== undefined);
  return single === undefined ? ['service', 'target'] : [single];
}

/** The same search, narrowed to the row numbers between which all rows of its time are. Undefined where there is none. */
export function withinTimes(db: Db, filter: AuditFilter): AuditFilter | undefined {
  const { since, until, from = 0, to } = filter;
  if (since === undefined && until === undefined) return filter;
  const found = timeBounds(db, since, until).get();
  if (!found || found.first === null || found.last === null) return undefined;
  const last = until === undefined ? to : Math.min(found.last, to ?? found.last);
  return { ...filter, from: Math.max(found.first, from), to: last };
}

/** For the test that looks at the plan of the query. It reads only the index of times. */
export function timeBounds(db: Db, since: number | undefined, until: number | undefined) {
  return db
    .select({ first: sql<number | null>`min(${audit.seq})`, last: sql<number | null>`max(${audit.seq})` })
    .from(audit)
    .where(
      and(
        since === undefined ? undefined : gte(audit.at, since),
        until === undefined ? undefined : lte(audit.at, until),
      ),
    );
}

/** Every action that the log holds, also those that no version writes any more. */
export const actionsInLog = (db: Db): readonly string[] =>
  distinct((after) =>
    db
      .select({ value: audit.action })
      .from(audit)
      .where(gt(audit.action, after))
      .orderBy(asc(audit.action))
      .limit(1)
      .get(),
  );

export const targetsInLog = (db: Db, service: string): readonly string[] =>
  distinct((after) =>
    db
      .select({ value: audit.target })
      .from(audit)
      .where(and(eq(audit.service, service), gt(audit.target, after)))
      .orderBy(asc(audit.target))
      .limit(1)
      .get(),
  );

/** Each is one step through an index. */
function distinct(next: (after: string) => { readonly value: string | null } | undefined): readonly string[] {
  const found: string[] = [];
  for (let value = next('')?.value; value != null; value = next(value)?.value) found.push(value);
  return found;
}

export const hasRowOfActor = (db: Db, actor: string): boolean =>
  db.select({ seq: audit.seq }).from(audit).where(eq(audit.actor, actor)).limit(1).get() !== undefined;

const ofMachine = ['clock-jumped', 'machine-suspended'];

/** What happened to a target, or to the machine, between two rows of a deployment, without the deployment's own rows. */
export function rowsAround(
  db: Db,
  { service, target }: TargetKey,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): readonly AuditRow[] {
  const page = { limit, order: 'oldest-first' } as const;
  const ofTarget = db
    .select()
    .from(audit)
    .where(
      and(
        eq(audit.service, service),
        eq(audit.target, target),
        sql`+${audit.deploymentId} IS NULL`,
        gte(audit.seq, from),
        lte(audit.seq, to),
      ),
    )
    .orderBy(asc(audit.seq))
    .limit(limit)
    .all()
    .map(present);
  return [...ofTarget, ...searchAudit(db, { actions: ofMachine, from, to }, page)]
    .toSorted((one, other) => one.seq - other.seq)
    .slice(0, limit);
}
