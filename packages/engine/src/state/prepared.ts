// Statements of work that goes through many rows: prepared once for each open database, since each one that is prepared
// takes memory until the garbage collector comes to it.

import type { Db } from './database.ts';

export function preparedOnce<T>(prepare: (db: Db) => T): (db: Db) => T {
  const prepared = new WeakMap<Db, T>();
  return (db) => {
    const known = prepared.get(db) ?? prepare(db);
    prepared.set(db, known);
    return known;
  };
}
