// Which database of which running server an address leads to, by any route.

import { readAddress } from './address.ts';
import { toMigrationError } from './errors.ts';
import { connect } from './session.ts';

/** @throws MigrationError `unreachable`, `denied` */
export async function identityOf(url: string): Promise<string> {
  const address = readAddress(url);
  try {
    const session = await connect(address);
    try {
      const [row] = await session.ask(
        "SELECT CONCAT_WS('|', @@hostname, @@port, @@datadir, @@socket, DATABASE()) AS id",
      );
      return String(row?.id);
    } finally {
      await session.close();
    }
  } catch (thrown) {
    throw toMigrationError(thrown, `database ${address.database} on ${address.host}`);
  }
}
