// A real MariaDB for one file of tests: unprivileged, in a separate folder, reached only by a unix socket. It promises
// nothing about a power cut, so that it is quick.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';

/** `nobody` in Debian; a server that runs as root refuses to start. */
const nobody = 65_534;
const installMs = 120_000;
const startMs = 120_000;

export interface MariadbServer {
  readonly socket: string;
  /** For a new empty database. The user may do everything unless another is named. */
  url(database: string, user?: string, password?: string): string;
  /** As the server's own administrator, without a database. */
  connect(database?: string): Promise<Connection>;
  /** Without a shutdown, like a power cut; its data remain. */
  kill(): Promise<void>;
  /** After it was killed. */
  restart(): Promise<void>;
  /** With all its data. */
  stop(): Promise<void>;
}

/** @param parent where its folder is made: a disk that is small, for example */
export async function startMariadb(parent = tmpdir()): Promise<MariadbServer> {
  const folder = mkdtempSync(join(parent, 'bg-mariadb-'));
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (identity.uid !== undefined) chownSync(folder, nobody, nobody);
  const data = join(folder, 'data');
  const socket = join(folder, 's');
  const install = [
    ...['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal'],
    ...['--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=8M'],
  ];
  const installed = spawnSync('mariadb-install-db', install, { ...identity, timeout: installMs, encoding: 'utf8' });
  if (installed.status !== 0) throw new Error(`mariadb-install-db: ${installed.error ?? installed.stdout}`);
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  if (identity.uid !== undefined) chownSync(temporary, nobody, nobody);
  const start = () => launch(folder, { data, socket, temporary }, identity);
  let child = await start();
  const connect = (database?: string) =>
    createConnection({ socketPath: socket, user: 'root', ...(database === undefined ? {} : { database }) });
  const kill = async () => await killed(child);
  return {
    socket,
    connect,
    kill,
    url: (database, user = 'root', password = '') =>
      `mariadb://${user}:${encodeURIComponent(password)}@localhost/${database}?socket=${encodeURIComponent(socket)}`,
    async restart() {
      child = await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Places {
  readonly data: string;
  readonly socket: string;
  readonly temporary: string;
}

async function launch(folder: string, { data, socket, temporary }: Places, identity: object): Promise<ChildProcess> {
  const log = join(folder, 'log');
  const options = [
    ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, '--skip-networking', `--tmpdir=${temporary}`],
    ...[`--pid-file=${join(folder, 'pid')}`, `--log-error=${log}`, '--skip-name-resolve', '--innodb-fast-shutdown=2'],
    // 2: what is committed outlives the server, not the machine.
    ...[
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=64M',
      '--innodb-doublewrite=0',
      '--innodb-log-file-size=8M',
    ],
  ];
  // Debian installs the server outside of a person's PATH.
  const program = existsSync('/usr/sbin/mariadbd') ? '/usr/sbin/mariadbd' : 'mariadbd';
  const child = spawn(program, options, { ...identity, stdio: 'ignore' });
  process.once('exit', () => child.kill('SIGKILL'));
  for (const end = Date.now() + startMs; ; ) {
    const answered = await createConnection({ socketPath: socket, user: 'root' }).catch(() => undefined);
    if (answered) {
      await answered.end();
      return child;
    }
    if (child.exitCode !== null || Date.now() > end)
      throw new Error(
        `mariadbd did not start: ${existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : 'no log'}`,
      );
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
