// What the configuration says about a target's own database, whose schema the engine widens and tightens.

import { z } from 'zod';
import { merge } from '../kit/draft.ts';
import { parseDuration } from '../kit/units.ts';
import { choice, duration, durationOrZero, listOf, matching, text } from '../kit/values.ts';

const url = () =>
  matching(
    /^([a-z]+:|\/|\$)[^\s\p{Cc}]{1,2000}$/u,
    'the address of a database, without blanks, such as postgres://app@db/shop',
  );

export const database = z
  .strictObject({
    driver: choice(['postgres', 'mariadb', 'sqlite'])
      .describe('Which database. mariadb speaks to MySQL as well, which is untested. No default.')
      .optional(),
    url: url()
      .describe(
        `Where it is: postgres://…, mariadb://…, or sqlite:/absolute/file. \${NAME} is filled in at use, from env files and env, as for the service. Default: \${DATABASE_URL}.`,
      )
      .optional(),
    scratch: url()
      .describe(
        'A server for scratch copies, never production: what cannot be decided from the text of a migration is tried there. Default: none.',
      )
      .optional(),
    applicationRole: matching(/^[^\s\p{Cc}"']{1,63}$/u, 'the name of a role of PostgreSQL')
      .describe(
        'The role that the service itself connects as, where it is another than that of url: its statements are tried with its rights. PostgreSQL alone. Default: the role of url.',
      )
      .optional(),
    migrations: matching(/^(?!\.\.?$)[A-Za-z0-9._-]{1,64}$/, 'the name of a folder in the release')
      .describe('Folder in each release with its migrations. Default: migrations.')
      .optional(),
    table: matching(/^[A-Za-z_][A-Za-z0-9_]{0,39}$/, 'the name of a table: up to 40 letters, digits and _')
      .describe('Table in which the engine keeps what was done. Default: schema_migrations.')
      .optional(),
    lockTimeout: duration()
      .describe(
        'How long one try waits for a lock of the database; the whole step is then tried again. Default: 500ms.',
      )
      .optional(),
    lockTotal: duration()
      .describe('After so long without the lock, the deployment fails and names who holds it. Default: 10m.')
      .optional(),
    statementTimeout: duration()
      .describe('Longest time of one statement; building an index concurrently has no limit. Default: 15s.')
      .optional(),
    rollbackFor: durationOrZero()
      .describe(
        'For so long after it was live a release may be gone back to, and its shape of the schema is kept. Default: 24h.',
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
  })
  .describe('The database of the service, whose schema follows its releases. Default: none.');

type DatabaseFile = z.infer<typeof database>;

export interface DatabaseSettings {
  readonly driver: 'postgres' | 'mariadb' | 'sqlite';
  /** May hold `${NAME}`, which is filled in at use from env files and env: the settings hold no secret. */
  readonly url: string;
  /** Like `url`: a server for scratch copies, never production. */
  readonly scratch: string | undefined;
  /** The role of PostgreSQL that the service connects as; undefined where it is that of `url`. */
  readonly applicationRole: string | undefined;
  /** Folder in each release. */
  readonly migrations: string;
  readonly table: string;
  readonly lockTimeoutMs: number;
  readonly lockTotalMs: number;
  readonly statementTimeoutMs: number;
  /** How long a release that was live stays one to go back to, whose shape of the schema is kept. */
  readonly rollbackForMs: number;
  /** Makes a restore point before a contract. */
  readonly beforeContract: { readonly argv: readonly [string, ...string[]]; readonly timeoutMs: number } | undefined;
  /** Tables that others change too: what changes in them is no drift. */
  readonly sharedTables: readonly string[];
}

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
} satisfies DatabaseFile;

export function resolveDatabase(file: DatabaseFile | undefined): DatabaseSettings | undefined {
  if (!file) return undefined;
  const settings = merge(defaultDatabase, file);
  const { driver, url, scratch, applicationRole, migrations, table } = settings;
  const { lockTimeout, lockTotal, statementTimeout, rollbackFor, sharedTables } = settings;
  if (driver === undefined) throw new TypeError('the database was not checked before it was resolved');
  return {
    driver,
    url,
    scratch,
    applicationRole,
    migrations,
    table,
    lockTimeoutMs: parseDuration(lockTimeout),
    lockTotalMs: parseDuration(lockTotal),
    statementTimeoutMs: parseDuration(statementTimeout),
    rollbackForMs: parseDuration(rollbackFor),
    sharedTables,
    beforeContract: resolveCommand(settings.beforeContract),
  };
}

const defaultTimeout = '10m';

function resolveCommand(file: DatabaseFile['beforeContract']): DatabaseSettings['beforeContract'] {
  const [program, ...words] = file?.command ?? [];
  if (program === undefined) return undefined;
  return { argv: [program, ...words], timeoutMs: parseDuration(file?.timeout ?? defaultTimeout) };
}
