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

const wanted: readonly Wanted[] = [{ program: 'chromium', package: 'chromium', tests: 'test/browser.test.ts' }];
const aptLimitMs = 480_000;

/** Prints what it does. */
export function installPrograms(path: string): void {
  const has = (program: string): boolean => path.split(delimiter).some((folder) => isExecutable(join(folder, program)));
  const missing = wanted.filter(({ program }) => !has(program));
  if (missing.length === 0) return;
  const names = missing.map((each) => each.package);
  if (has('apt-get') && process.getuid?.() === 0) {
    console.log(`Installing ${names.join(', ')} with apt-get …`);
    apt(['update', '-qq']);
    apt(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  }
  for (const { program, tests } of missing)
    if (!has(program)) console.log(`${program} is not here and cannot be installed: ${tests} is skipped.`);
}

function apt(args: readonly string[]): void {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: aptLimitMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
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
