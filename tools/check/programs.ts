// Programs of the system that tests and the tour drive, by Debian's packages: installed where they can be.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What needs each. */
export const programs = {
  chromium: 'what drives a browser',
  nginx: 'what drives a real nginx',
  haproxy: 'what drives a real HAProxy',
  openssl: 'what needs a certificate',
  mariadbd: 'what drives a real MariaDB',
  postgres: 'what drives a real PostgreSQL',
  sudo: 'what changes accounts as people do',
  'pt-online-schema-change': 'what changes a table of MariaDB beside its users',
  pgbouncer: 'what tells a pooler of PostgreSQL from the server',
  prometheus: 'what asks a real Prometheus, or is scraped by it',
} as const;

export type ProgramName = keyof typeof programs;

/** Where Debian's package has another name than the program. */
const packages: Partial<Record<ProgramName, readonly string[]>> = {
  // What makes an empty database, and what it calls, are in the other two.
  mariadbd: ['mariadb-server-core', 'mariadb-client-core'],
  postgres: ['postgresql'],
  'pt-online-schema-change': ['percona-toolkit'],
};

/** Debian's places for daemons, which a person's PATH may lack; each PostgreSQL has its own. */
const daemons = ['/usr/sbin', '/usr/lib/postgresql/*/bin'];
const aptLimitMs = 480_000;

/** Prints what it does. Returns those that are still missing. */
export function installPrograms(wanted: readonly ProgramName[], path: string): readonly ProgramName[] {
  const has = (program: string): boolean =>
    [...path.split(delimiter), ...daemons].some((folder) => isAnyExecutable(join(folder, program)));
  const missing = wanted.filter((program) => !has(program));
  if (missing.length === 0 || !has('apt-get') || process.getuid?.() !== 0) return missing;
  console.log(`Installing ${missing.join(', ')} with apt-get …`);
  apt(['update', '-qq']);
  const names = missing.flatMap((program) => packages[program] ?? [program]);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  return missing.filter((program) => !has(program));
}

function apt(args: readonly string[]): void {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: aptLimitMs,
    // In this run level no package starts its service: the tests start what they need, on separate ports.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

function isAnyExecutable(pattern: string): boolean {
  return isExecutable(pattern) || globSync(pattern).some(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
