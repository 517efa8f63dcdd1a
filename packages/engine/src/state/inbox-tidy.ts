// What the inbox deletes, and when. Code hosts deliver again for days (GitHub for three, by hand; senders of Standard
// Webhooks automatically), and anyone who saw a delivery that was signed without a time can replay it for ever. So the
// row that identifies a repeated delivery is retained for a month, under any load. Only its body, which is a hundred
// times as long, is deleted earlier.

import type { Db } from './database.ts';
import { sql } from './drizzle.ts';
import type { Store } from './store.ts';

/** How many settled deliveries are retained. Waiting deliveries are never deleted. */
export interface Kept {
  readonly rowMs: number;
  /** Above this the oldest rows go though they are younger: about half a gigabyte, four deliveries a second for three days. */
  readonly rows: number;
  /** Bodies, for people to read and to replay. Ignored deliveries must not displace the failed ones. */
  readonly bodies: Readonly<Record<'done' | 'parked' | 'ignored', Bodies>>;
}

interface Bodies {
  readonly number: number;
  readonly bytes: number;
}

export const kept: Kept = {
  rowMs: 30 * 86_400_000,
  rows: 1_000_000,
  bodies: {
    done: { number: 10_000, bytes: 256 << 20 },
    parked: { number: 10_000, bytes: 256 << 20 },
    ignored: { number: 2_000, bytes: 64 << 20 },
  },
};

const tidyEvery = 500;
/** At once: more than arrives meanwhile, and little enough not to be felt. */
const atMost = 1_000;

/**
 * Until when deliveries came that are forgotten by now, so that one of them, sent again, would look new. Undefined while every
 * one is remembered.
 */
export function forgottenUntil(db: Db, now: number): number | undefined {
  const oldest = db.get<{ readonly id: number; readonly at: number } | undefined>(
    sql`SELECT id, received_at AS at FROM inbox ORDER BY id LIMIT 1`,
  );
  return oldest === undefined || oldest.id === 1 ? undefined : Math.min(oldest.at, now - kept.rowMs);
}

/** Called with how many arrived. */
export function createTidying(store: Store, limits: Kept): (arrived: number) => void {
  let left = 0;
  return (arrived) => {
    left -= arrived;
    if (left > 0) return;
    left = tidyEvery;
    store.note((db, now) => tidy(db, now, limits));
  };
}

function tidy(db: Db, now: number, { rowMs, rows, bodies }: Kept): void {
  for (const [state, most] of Object.entries(bodies)) dropBodies(db, state, most);
  db.run(sql`DELETE FROM inbox WHERE id IN (
    SELECT id FROM inbox WHERE state <> 'waiting' AND settled_at < ${now - rowMs} ORDER BY settled_at LIMIT ${atMost})`);
  db.run(sql`DELETE FROM inbox WHERE id IN (
    SELECT id FROM inbox WHERE state <> 'waiting' AND id <= (SELECT max(id) FROM inbox) - ${rows} ORDER BY id LIMIT ${atMost})`);
}

/** The newest stay, by number and by size. */
function dropBodies(db: Db, state: string, { number, bytes }: Bodies): void {
  const withBody = sql`has_body = 1 AND state <> 'waiting' AND state = ${state}`;
  const last = db.get<{ readonly id: number | null }>(sql`SELECT max(id) AS id FROM (
    SELECT id FROM (
      SELECT id, row_number() OVER newest AS number, sum(bytes) OVER newest AS total FROM inbox
      WHERE ${withBody} WINDOW newest AS (ORDER BY id DESC))
    WHERE number > ${number} OR total > ${bytes} ORDER BY id LIMIT ${atMost})`);
  if (typeof last?.id !== 'number') return;
  const old = sql`${withBody} AND id <= ${last.id}`;
  db.run(sql`DELETE FROM inbox_bodies WHERE id IN (SELECT id FROM inbox WHERE ${old})`);
  db.run(sql`UPDATE inbox SET has_body = 0 WHERE ${old}`);
}
