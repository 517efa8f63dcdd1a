// The configured scratch server: makes copies of production's schema, without a row, and deletes them. It is never
// production's own server unless a person allows it.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import { MigrationError } from '../../error.ts';
import type { ScratchServer } from '../../evidence/scratch.ts';
import { type Address, readAddress } from '../address.ts';
import { toMigrationError } from '../errors.ts';
import { type LedgerTables, ledgerTables, makeTables } from '../ledger.ts';
import { quoted } from '../rules/tokens-of.ts';
import { connect, type Session } from '../session.ts';
import { openCopy } from './copy.ts';
import { createDatabase, makeFrom, readSource, type Source } from './source.ts';

export interface MariadbScratchOptions {
  /** Of a server where databases may be made; its own database is not touched. */
  readonly scratchUrl: string;
  readonly productionUrl: string;
  /** A person allowed copies on the production server. */
  readonly allowSameServer: boolean;
  /** The ledger's, which is made on the copy as the engine makes it. */
  readonly table: string;
  readonly clock: Clock;
}

const prefix = 'bg_scratch_';
/** Longer than any run may take. */
const leftoverMs = 3_600_000;

export function createMariadbScratch(options: MariadbScratchOptions): ScratchServer {
  const { scratchUrl, productionUrl, clock, table } = options;
  return {
    async copy(signal) {
      const [address, production] = [readAddress(scratchUrl), readAddress(productionUrl)];
      const ledger = ledgerTables(table);
      try {
        const source = await on(production, async (there) => {
          await on(address, async (scratch) => {
            if (!options.allowSameServer) await refuseProduction(there, scratch);
            await dropLeftovers(scratch, clock.now());
          });
          return readSource(there, production.database, [ledger.ledger, ledger.catalog]);
        });
        const server = databasesOf(address, ledger, clock);
        return await openCopy({
          ...server,
          database: newName(clock.now()),
          ledger,
          source,
          signal,
          addressOf: withDatabase(scratchUrl),
        });
      } catch (thrown) {
        throw toMigrationError(thrown);
      }
    },
  };
}

function databasesOf(address: Address, ledger: LedgerTables, clock: Clock) {
  const drop = (database: string) =>
    on(address, async ({ ask }) => void (await ask(`DROP DATABASE IF EXISTS ${quoted(database)}`)));
  return {
    drop,
    async make(source: Source, database = newName(clock.now())) {
      const place = { ...address, database };
      await on(address, ({ ask }) => ask(createDatabase(database, source)));
      try {
        await on(place, async (session) => {
          await makeFrom(session, source);
          await makeTables(session, ledger);
        });
        return { database, session: await connect(place) };
      } catch (thrown) {
        await drop(database);
        throw thrown;
      }
    },
  };
}

async function on<T>(address: Address, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(address);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** A server reports the same identity at every address. */
async function refuseProduction(production: Session, scratch: Session): Promise<void> {
  const [here, there] = [await identityOf(production), await identityOf(scratch)];
  if (here !== there) return;
  throw new MigrationError('not-allowed', 'the scratch server is the production server itself', {
    hint: 'Name another server in `scratch`, or allow this one explicitly.',
  });
}

async function identityOf({ ask }: Session): Promise<string> {
  const [row] = await ask("SELECT CONCAT_WS('|', @@hostname, @@port, @@datadir, @@socket) AS id");
  return String(row?.id);
}

const newName = (now: number): string => `${prefix}${now}_${randomBytes(4).toString('hex')}`;

/** What a killed run left; a run that is still active is younger. */
async function dropLeftovers({ ask }: Session, now: number): Promise<void> {
  const rows = await ask(
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME REGEXP '^bg_scratch_[0-9]+_[0-9a-f]{8}$'",
  );
  const old = rows.map(({ name }) => String(name)).filter((name) => Number(name.split('_')[2]) < now - leftoverMs);
  for (const name of old) await ask(`DROP DATABASE IF EXISTS ${quoted(name)}`);
}

function withDatabase(url: string): (database: string) => string {
  return (database) => {
    const address = new URL(url);
    address.pathname = `/${database}`;
    return address.href;
  };
}
