// The shop's orders in its SQLite database, which both sides share. A release knows the schema of its own time: before
// v2.1 money is `amount`, later `cents`, and it does not look at the other one.

import { DatabaseSync } from 'node:sqlite';

const busyMs = 5_000;

/** Undefined without DATABASE_URL: the shop works, and remembers orders no longer than it runs. */
export function openOrders({ slot, version, money = 'cents' }) {
  const url = process.env.DATABASE_URL;
  if (!url) return undefined;
  const database = new DatabaseSync(url.replace(/^(sqlite|file):/, ''), { timeout: busyMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  const columns = columnsOf(money, version);
  const names = columns.map(({ name }) => name);
  // Prepared at the start: a release that does not know the schema ends at once, and never gets a user.
  const insert = database.prepare(
    `INSERT INTO orders (id, ${names.join(', ')}) VALUES (?${', ?'.repeat(names.length)}) ON CONFLICT (id) DO NOTHING`,
  );
  const totals = database.prepare(
    `SELECT count(*) AS orders, coalesce(sum(${inEuros[money]}), 0) AS total FROM orders`,
  );
  const probe = database.prepare(`SELECT ${money} FROM orders LIMIT 1`);
  const save = (order) => insert.run(order.id, ...columns.map(({ of }) => of(order, `${slot} ${version}`)));
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

const inEuros = { amount: 'amount', cents: 'cents / 100.0' };

function columnsOf(money, version) {
  const total = ({ product, quantity }) => product.price * quantity;
  return [
    { name: 'product', of: ({ product }) => product.id },
    { name: 'quantity', of: ({ quantity }) => quantity },
    money === 'amount'
      ? { name: 'amount', of: total }
      : { name: 'cents', of: (order) => Math.round(total(order) * 100) },
    ...(version === 'v1.0' ? [] : [{ name: 'taken_by', of: (_order, by) => by }]),
  ];
}
