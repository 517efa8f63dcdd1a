// A table of MariaDB that services write to all the time, and what the server acknowledged of it.

import type { Connection } from 'mysql2/promise';

export interface BusyTable {
  /** Writes that were acknowledged so far. */
  readonly acknowledged: () => number;
  /** Stops writing. */
  settle(): Promise<Counts>;
}

export interface Counts {
  /** Writes. */
  readonly acknowledged: number;
  /** Rows that are missing, wrong or too many after what was acknowledged. */
  readonly lost: number;
  /** The errors of the server for writes that failed. */
  readonly refused: readonly string[];
  readonly longestMs: number;
}

const mostRefused = 1_000;

/** @param connections one per service; the table is `users (id, name, age)` */
export async function keepBusy(connections: readonly Connection[]): Promise<BusyTable> {
  const known = new Map<number, string>();
  const [first] = connections;
  if (!first) throw new Error('no service writes');
  for (const { id, name } of await rowsOf(first)) known.set(id, name);
  let writes = 0;
  const refused: string[] = [];
  let longestMs = 0;
  let isOver = false;
  const services = connections.map(async (connection, service) => {
    for (let turn = 0; !isOver; turn += 1) {
      const began = performance.now();
      try {
        await write(connection, known, { service, turn, of: connections.length });
        writes += 1;
      } catch (thrown) {
        refused.push(String(thrown));
        if (refused.length > mostRefused) return;
      }
      longestMs = Math.max(longestMs, performance.now() - began);
      await new Promise((wake) => setTimeout(wake, 2));
    }
  });
  return {
    acknowledged: () => writes,
    async settle() {
      isOver = true;
      await Promise.all(services);
      const now = new Map((await rowsOf(first)).map(({ id, name }) => [id, name]));
      const ids = new Set([...known.keys(), ...now.keys()]);
      const lost = [...ids].filter((id) => known.get(id) !== now.get(id)).length;
      return { acknowledged: writes, lost, refused, longestMs: Math.round(longestMs) };
    },
  };
}

interface Turn {
  readonly service: number;
  readonly turn: number;
  readonly of: number;
}

/**
 * Each service has separate rows: no other changes what it knows of them. As text: MariaDB 10.11 may refuse what a
 * connection has prepared (1146) once triggers of the same name go to a copy of the table that was made again.
 */
async function write(connection: Connection, known: Map<number, string>, { service, turn, of }: Turn): Promise<void> {
  const id = 1 + service + of * Math.floor(Math.random() * 10_000);
  const name = `service ${service} turn ${turn}`;
  const kind = turn % 3;
  if (kind === 0) {
    const fresh = 1_000_000 + service + of * turn;
    await connection.query('INSERT INTO users (id, name, age) VALUES (?, ?, 1)', [fresh, name]);
    known.set(fresh, name);
  } else if (kind === 1) {
    await connection.query('UPDATE users SET name = ? WHERE id = ?', [name, id]);
    if (known.has(id)) known.set(id, name);
  } else {
    await connection.query('DELETE FROM users WHERE id = ?', [id]);
    known.delete(id);
  }
}

async function rowsOf(connection: Connection): Promise<readonly { readonly id: number; readonly name: string }[]> {
  const [rows] = await connection.query('SELECT id, name FROM users');
  return rows as { id: number; name: string }[];
}
