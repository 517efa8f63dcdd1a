// What the configuration says about a target's own database, whose schema the engine widens and tightens.

import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { type Drivers, namesOf, ownOf, requireDriver, summariesOf } from '../drivers.ts';
import { merge } from '../kit/draft.ts';
import { choice, duration, durationOrZero, listOf, matching, name, text } from '../kit/values.ts';
import type { DatabaseSettings } from './settings.ts';

const url = () =>
  matching(
    /^([a-z]+:|\/|\$)[^\s\p{Cc}]{1,2000}$/u,
    'the address of a database, without blanks, such as postgres://app@db/shop',
  );

const databaseKeys = {
  scratch: url()
    .describe(
      'A server for scratch copies, never production: what cannot be decided from the text of a migration is tried there. Default: none.',
    )
    .optional(),
  migrations: matching(/^(?!\.\.?$)[A-Za-z0-9._-]{1,64}$/, 'the name of a folder in the release')
    .describe('Folder in each release with its migrations. Default: migrations.')
    .optional(),
  table: matching(/^[A-Za-z_][A-Za-z0-9_]{0,39}$/, 'the name of a table: up to 40 letters, digits and _')
    .describe('Table in which the engine keeps what was done. Default: schema_migrations.')
    .optional(),
  lockTimeout: duration()
    .describe('How long one try waits for a lock of the database; the whole step is then tried again. Default: 500ms.')
    .optional(),
  lockTotal: duration()
    .describe('After so long without the lock, the deployment fails and names who holds it. Default: 10m.')
    .optional(),
  statementTimeout: duration()
    .describe('Longest time of one statement; building an index concurrently has no limit. Default: 15s.')
    .optional(),
  rollbackFor: durationOrZero()
    .describe(
      'For so long after it was live a release may be gone back to, and its shape of the schema is retained. Default: 24h.',
    )
    .optional(),
  beforeContract: z
    .strictObject({
      command: listOf(text('a word of the command'), 50)
        .min(1, { error: 'the command, word by word' })
        .describe('The command and its arguments, word by word; no shell is involved. No default.'),
      timeout: duration()
        .describe('It is ended after this time, and the contract is refused. Default: 10m.')
        .optional(),
    })
    .describe(
      'Makes a backup or a restore point before a contract. When it fails the contract is refused. DATABASE_URL and BLUEGREEN_SERVICE, _TARGET, _CONTRACT and _MIGRATIONS are in its environment. Default: none.',
    )
    .optional(),
  onlineTools: listOf(
    z.strictObject({
      name: name().describe('As migrations name it: -- @online <name>. No default.').optional(),
      command: listOf(text('a word of the command'), 50)
        .min(1, { error: 'the command, word by word' })
        .describe(
          'The command and its arguments, word by word; no shell is involved. {defaults} is a file with host, port or socket, user and password, {table} and {alter} are of the migration, and {database}, {host}, {port}, {socket} and {user} of url. No default.',
        )
        .optional(),
      timeout: duration()
        .describe('It is ended after this time, and what it left behind is removed. Default: 24h.')
        .optional(),
    }),
    10,
  )
    .describe(
      'Programs such as pt-online-schema-change that change a table of MariaDB or MySQL while users go on; gh-ost is refused. Default: none.',
    )
    .optional(),
  sharedTables: listOf(
    matching(
      /^[\p{L}_*][\p{L}\p{N}_$*]{0,62}(\.[\p{L}_*][\p{L}\p{N}_$*]{0,62})?$/u,
      'a table, as in users, audit.log or report_*',
    ),
    100,
  )
    .describe(
      'Tables that others change too, such as another service or a monitor: what changes in them is no drift. What no migration of this service names is never drift. Default: none.',
    )
    .optional(),
};

export function databaseSchema(drivers: Drivers['databases']) {
  // Only the driver knows the types of its own keys.
  const ownKeys: Record<never, never> = Object.assign({}, ...drivers.map(({ keys }) => keys));
  return z
    .strictObject({
      driver: choice(namesOf(drivers))
        .describe(`Which database. ${summariesOf(drivers)}. No default.`)
        .optional(),
      url: url()
        .describe(
          `Where it is: ${drivers.map(({ address }) => address).join(', ')}. \${NAME} is filled in at use, from env files and env, as for the service. Default: \${DATABASE_URL}.`,
        )
        .optional(),
      ...databaseKeys,
      ...ownKeys,
    })
    .describe('The database of the service, whose schema follows its releases. Default: none.');
}

type DatabaseFile = z.infer<ReturnType<typeof databaseSchema>>;

/** Where there is a database at all. */
export const defaultDatabase = {
  url: `\${DATABASE_URL}`,
  migrations: 'migrations',
  table: 'schema_migrations',
  lockTimeout: '500ms',
  lockTotal: '10m',
  statementTimeout: '15s',
  rollbackFor: '24h',
  sharedTables: [],
  onlineTools: [],
} satisfies DatabaseFile;

/** With the keys of its driver, as they are in the file. */
export function resolveDatabase(
  file: DatabaseFile | undefined,
  drivers: Drivers['databases'],
): DatabaseSettings | undefined {
  if (!file) return undefined;
  const settings = merge(defaultDatabase, file);
  const { driver, url, scratch, migrations, table } = settings;
  const { lockTimeout, lockTotal, statementTimeout, rollbackFor, sharedTables, onlineTools } = settings;
  if (driver === undefined) throw new TypeError('the database was not checked before it was resolved');
  return {
    driver,
    url,
    scratch,
    ...ownSettings(requireDriver(drivers, driver), settings),
    migrations,
    table,
    lockTimeoutMs: parseDuration(lockTimeout),
    lockTotalMs: parseDuration(lockTotal),
    statementTimeoutMs: parseDuration(statementTimeout),
    rollbackForMs: parseDuration(rollbackFor),
    sharedTables,
    beforeContract: resolveCommand(settings.beforeContract),
    onlineTools: onlineTools.flatMap(resolveTool),
  };
}

const defaultToolTimeout = '24h';

function resolveTool({
  name: called,
  command,
  timeout = defaultToolTimeout,
}: NonNullable<DatabaseFile['onlineTools']>[number]): DatabaseSettings['onlineTools'] {
  const [program, ...words] = command ?? [];
  if (called === undefined || program === undefined) return [];
  return [{ name: called, argv: [program, ...words], timeoutMs: parseDuration(timeout) }];
}

const defaultTimeout = '10m';

function resolveCommand(file: DatabaseFile['beforeContract']): DatabaseSettings['beforeContract'] {
  const [program, ...words] = file?.command ?? [];
  if (program === undefined) return undefined;
  return { argv: [program, ...words], timeoutMs: parseDuration(file?.timeout ?? defaultTimeout) };
}

function ownSettings({ keys = {} }: Drivers['databases'][number], settings: object): object {
  return Object.fromEntries(Object.keys(keys).map((key) => [key, ownOf(settings, key)]));
}
