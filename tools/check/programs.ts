// Programs of the system that some tests drive. Where they can be installed they are; otherwise it is said what is skipped.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Wanted {
  readonly program: string;
  /** Debian's name for it. */
  readonly package: string;
  readonly tests: string;
}

const wanted: readonly Wanted[] = [
  { program: 'chromium', package: 'chromium', tests: 'what drives a browser' },
  { program: 'nginx', package: 'nginx', tests: 'what drives a real nginx' },
  { program: 'haproxy', package: 'haproxy', tests: 'what drives a real HAProxy' },
  { program: 'openssl', package: 'openssl', tests: 'what needs a certificate' },
];
/** Debian's place for daemons, which a person's PATH may lack. */
const daemons = '/usr/sbin';
const aptLimitMs = 480_000;

/** Prints what it does. */
export function installPrograms(path: string): void {
  const has = (program: string): boolean =>
    [...path.split(delimiter), daemons].some((folder) => isExecutable(join(folder, program)));
  const missing = wanted.filter(({ program }) => !has(program));
  if (missing.length === 0) return;
  const names = missing.map((each) => each.package);
  if (has('apt-get') && process.getuid?.() === 0) {
    console.log(`Installing ${names.join(', ')} with apt-get …`);
    apt(['update', '-qq']);
    apt(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  }
  for (const { program, tests } of missing)
    if (!has(program)) console.log(`${program} is not here and cannot be installed: ${tests} is skipped or fails.`);
}

function apt(args: readonly string[]): void {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: aptLimitMs,
    // In this run level no package starts its service: the tests start what they need, on ports of their own.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
