// The shop's orders in its SQLite database, which both sides share.

import { DatabaseSync } from 'node:sqlite';
import { statementsOf } from './sql.mjs';

const busyMs = 5_000;

/** Undefined without DATABASE_URL: the shop works, and remembers orders no longer than it runs. */
export function openOrders({ slot, version, money = 'cents' }) {
  const url = process.env.DATABASE_URL;
  if (!url) return undefined;
  const database = new DatabaseSync(url.replace(/^(sqlite|file):/, ''), { timeout: busyMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  // Prepared at the start: a release that does not know the schema ends at once, and never gets a user.
  const { insert, totals, probe } = prepareAll(database, statementsOf({ version, money }));
  const takenBy = version === 'v1.0' ? [] : [`${slot} ${version}`];
  const save = ({ id, product, quantity }) => {
    const cents = Math.round(product.price * quantity * 100);
    insert.run(id, product.id, quantity, money === 'cents' ? cents : cents / 100, ...takenBy);
  };
  return {
    save,
    /** Shows that it could be written, and leaves nothing. */
    tryOut(order) {
      database.exec('BEGIN IMMEDIATE');
      try {
        save(order);
      } finally {
        database.exec('ROLLBACK');
      }
    },
    totals: () => totals.get(),
    isReadable() {
      try {
        probe.get();
        return true;
      } catch {
        return false;
      }
    },
  };
}

function prepareAll(database, statements) {
  return Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)]));
}
