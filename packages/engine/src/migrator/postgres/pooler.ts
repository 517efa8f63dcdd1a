// A pooler that assigns connections per transaction (PgBouncer's `pool_mode = transaction`) takes the migrators' lock
// from its holder. It cannot be asked, but it shows: between two of our statements our server serves another client.

import { within } from '../../lib/tasks.ts';
import { MigrationError } from '../error.ts';
import type { Session } from './session.ts';

const rounds = 3;
const waitMs = 3_000;

/** @throws MigrationError `not-allowed` */
export async function refusePooler(session: Session, another: () => Promise<Session>): Promise<void> {
  const other = await another();
  try {
    for (let round = 0; round < rounds; round += 1)
      if (await isTaken(session, other))
        throw new MigrationError(
          'not-allowed',
          'a pooler is in front of the database and hands it out per transaction',
          {
            hint: 'Name the server itself in the address of the database, or a pool with pool_mode = session.',
          },
        );
  } finally {
    await other.close();
  }
}

/** While the other one has a transaction open, our session must still be the one it was. */
async function isTaken(session: Session, other: Session): Promise<boolean> {
  await other.ask('BEGIN');
  try {
    // A pool of one server makes us wait for the other's end.
    const rows = await within(waitMs, session.ask('SELECT pg_backend_pid() AS pid'));
    return rows === undefined || Number(rows[0]?.pid) !== session.pid;
  } finally {
    await other.ask('ROLLBACK');
  }
}
