// The configured scratch server: makes copies of production's schema, without a row, and deletes them. It is never
// production's own server unless a person allows it.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import type { Dialect } from '../../dialect.ts';
import { MigrationError } from '../../error.ts';
import type { ScratchCopy, ScratchServer } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { migrationErrorOf, stateOf } from '../errors.ts';
import type { LedgerTables } from '../ledger.ts';
import type { Session } from '../session.ts';
import { openCopy } from './copy.ts';
import { makeLedger } from './ledger.ts';
import { pathText, readPath, usePath } from './path.ts';
import { ensureRoles, entitle, type ProductionRoles, rolesOf, type ScratchRoles } from './roles.ts';
import { openSession, quoted, withDatabase } from './session.ts';
import { readShape } from './shape.ts';
import { dumpSchema, type ReplayOptions, replay, restore } from './source.ts';

export interface PostgresScratchOptions {
  /** Of a server where databases may be made; its own database is not touched. */
  readonly scratchUrl: string;
  readonly productionUrl: string;
  /** The application's role where it is not the one of `productionUrl`. */
  readonly applicationRole: string | undefined;
  /** A person allowed copies on the production server. */
  readonly allowSameServer: boolean;
  readonly pgDump: string;
  /** What the ledger says was run, in order: for a machine without `pg_dump`. */
  readonly replayed: readonly SqlFile[];
  /** The ledger's own tables, which no migration makes. */
  readonly ledgerTables: readonly string[];
  readonly split: Dialect['split'];
  readonly clock: Clock;
}

const prefix = 'bg_scratch_';
/** Longer than any run may take. */
const leftoverMs = 3_600_000;
const [scratchName, productionName] = ['the scratch server', "the application's database"];

export function createPostgresScratch(options: PostgresScratchOptions): ScratchServer {
  return {
    async copy(signal) {
      const production = await openSession({ url: options.productionUrl, what: productionName });
      try {
        const admin = await openSession({ url: options.scratchUrl, what: scratchName });
        try {
          await refuseProduction(production, admin, options.allowSameServer);
          return await makeCopy(options, { production, admin, signal });
        } finally {
          await admin.close();
        }
      } catch (thrown) {
        throw migrationErrorOf(thrown, scratchName);
      } finally {
        await production.close();
      }
    },
  };
}

interface Sessions {
  readonly production: Session;
  readonly admin: Session;
  readonly signal: AbortSignal;
}

async function makeCopy(options: PostgresScratchOptions, sessions: Sessions): Promise<ScratchCopy> {
  const { production, admin, signal } = sessions;
  await dropLeftovers(admin, options.clock.now());
  const { roles, current, notChecked } = await takeRoles(options, production, admin);
  const path = await readPath(production);
  const database = newName(options.clock.now());
  await admin.execute(`CREATE DATABASE ${quoted(database)} TEMPLATE template0`);
  try {
    if (current && roles.migrator !== undefined) await entitle(admin, database, current);
    const { made, ledger } = await fill(database, options, { production, role: roles.migrator, path, signal });
    const onServer = (sql: string) => withAdmin(options.scratchUrl, (client) => client.execute(sql));
    return await openCopy({
      ...{
        made,
        notChecked,
        database,
        scratchUrl: options.scratchUrl,
        roles,
        path,
        ledger,
        split: options.split,
        ledgerTables: options.ledgerTables,
        signal,
      },
      async clone(template) {
        const name = newName(options.clock.now());
        await onServer(`CREATE DATABASE ${quoted(name)} TEMPLATE ${quoted(template)}`);
        return name;
      },
      drop: async (name) => void (await onServer(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`)),
      addressOf: (name) => addressFor(options.scratchUrl, name, { role: roles.application, path }),
    });
  } catch (thrown) {
    await admin.execute(`DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`);
    throw thrown;
  }
}

async function fill(
  database: string,
  options: PostgresScratchOptions,
  { production, role, path, signal }: Omit<Sessions, 'admin'> & Pick<ReplayOptions, 'role' | 'path'>,
): Promise<{ readonly made: string; readonly ledger: LedgerTables | undefined }> {
  const dump = await dumpSchema({ url: options.productionUrl, pgDump: options.pgDump, signal });
  const client = await openSession({ url: options.scratchUrl, database, what: scratchName });
  try {
    if (dump !== undefined) await restore(client, dump);
    else
      await replay(client, options.replayed, await readShape(production, path.first), {
        ledgerTables: options.ledgerTables,
        role,
        path,
      });
    await usePath(client, path);
    const ledger = await makeLedger(client, options.ledgerTables[0], role);
    const made =
      dump === undefined
        ? 'the migrations that production ran, replayed without rows'
        : "production's schema, copied without rows";
    return { made, ledger };
  } finally {
    await client.close();
  }
}

async function takeRoles(
  options: PostgresScratchOptions,
  production: Session,
  admin: Session,
): Promise<{
  readonly roles: ScratchRoles;
  readonly current: ProductionRoles['current'];
  readonly notChecked: readonly string[];
}> {
  const { all, current } = await rolesOf(production);
  const application = options.applicationRole ?? current?.name;
  const names = [...new Set([...all, ...(options.applicationRole === undefined ? [] : [options.applicationRole])])];
  const denied = await ensureRoles(admin, names);
  const usable = (role: string | undefined) => (role !== undefined && denied.includes(role) ? undefined : role);
  return {
    roles: { migrator: usable(current?.name), application: usable(application) },
    current,
    notChecked:
      usable(application) === undefined && application !== undefined
        ? [`rights of the role ${application}: the scratch user may not act for it`]
        : [],
  };
}

/** A cluster has one system identifier, at every address. */
async function refuseProduction(production: Session, scratch: Session, isAllowed: boolean): Promise<void> {
  if (isAllowed) return;
  const [here, there] = [await identityOf(production), await identityOf(scratch)];
  if (here !== undefined && there !== undefined && here !== there) return;
  throw new MigrationError(
    'not-allowed',
    here === there && here !== undefined
      ? 'the scratch server is the production server itself'
      : 'it is not known whether the scratch server is the production server',
    { hint: 'Name another server in `scratch`, or allow this one explicitly.' },
  );
}

async function identityOf(session: Session): Promise<string | undefined> {
  try {
    const [asked] = await session.ask('SELECT system_identifier::text AS id FROM pg_control_system()');
    return asked === undefined ? undefined : String(asked.id);
  } catch (thrown) {
    if (stateOf(thrown) === '42501') return undefined;
    throw thrown;
  }
}

const newName = (now: number): string => `${prefix}${now}_${randomBytes(4).toString('hex')}`;

/** What a killed run left; a run that is still active is younger. */
async function dropLeftovers(admin: Session, now: number): Promise<void> {
  const rows = await admin.ask(
    "SELECT datname AS name FROM pg_database WHERE datname ~ '^bg_scratch_[0-9]+_[0-9a-f]{8}$'",
  );
  const old = rows.map(({ name }) => String(name)).filter((name) => Number(name.split('_')[2]) < now - leftoverMs);
  for (const name of old) await admin.execute(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
}

async function withAdmin<T>(url: string, work: (client: Session) => Promise<T>): Promise<T> {
  const client = await openSession({ url, what: scratchName });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Role and search path are set by the connection itself, so that an application needs to know nothing of them. */
function addressFor(url: string, database: string, { role, path }: Pick<ReplayOptions, 'role' | 'path'>): string {
  const address = new URL(withDatabase(url, database));
  address.searchParams.delete('options');
  const set = (name: string, value: string): string => `-c ${name}=${value.replaceAll(/[\\\s]/g, '\\$&')}`;
  const options = [set('search_path', pathText(path)), ...(role === undefined ? [] : [set('role', role)])].join(' ');
  // Not by searchParams, which write a space as `+`: libpq reads that as a plus.
  return `${address.href}${address.search === '' ? '?' : '&'}options=${encodeURIComponent(options)}`;
}
