// Which database of which running server an address leads to, by any route.

import { parseAddress } from './address.ts';
import { migrationErrorOf, stateOf } from './errors.ts';
import { connect } from './session.ts';

/**
 * The server's number of itself and the moment at which it was started: a copy of its files has the same number, and was
 * started by itself. @throws MigrationError `unreachable`, `denied`
 */
export async function identityOf(url: string): Promise<string> {
  const address = parseAddress(url);
  try {
    const session = await connect(address);
    try {
      const number = await session
        .ask('SELECT system_identifier::text AS id FROM pg_control_system()')
        .catch((thrown: unknown) => {
          if (stateOf(thrown) === '42501') return [];
          throw thrown;
        });
      const [row] = await session.ask(
        `SELECT extract(epoch FROM pg_postmaster_start_time())::text AS started, oid::text AS database
         FROM pg_database WHERE datname = current_database()`,
      );
      return [number[0]?.id ?? 'unknown', row?.started, row?.database].join('|');
    } finally {
      await session.close();
    }
  } catch (thrown) {
    throw migrationErrorOf(thrown, address.shown);
  }
}
