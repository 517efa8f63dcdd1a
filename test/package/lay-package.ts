// The package that is handed out, laid where a person has it: outside of the repository, next to what npm would install.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { openShell } from '../../apps/cli/src/testing/shell.ts';
import { buildPackage } from '../../tools/packaging/npm-package.ts';

export const root = resolve(import.meta.dirname, '../..');

/** `into`: an existing folder outside of the repository. Returns the package's folder. */
export async function layPackage(into: string): Promise<string> {
  const folder = join(into, 'lib', 'bluegreen');
  // Built where it finds its dependencies, used where nothing of the repository is beside it.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const built = mkdtempSync(join(cache, 'package-'));
  try {
    await buildPackage(root, built);
    cpSync(built, folder, { recursive: true });
  } finally {
    rmSync(built, { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Two releases, a change of schema, a rollback, and a look at the end. */
export async function deployWith(program: readonly [string, ...string[]], balancer: 'embedded' | 'haproxy' | 'nginx') {
  const shell = await openShell(
    '        canary: []\n        bake: 1s\n        health: { startup: 20s }\n        database: { driver: sqlite }\n',
    { database: true, balancer, program },
  );
  try {
    const commands = [
      ['deploy', 'v1.0'],
      ['deploy', 'v2.0'],
      ['rollback', '--reason', 'a test'],
      ['audit', 'verify'],
    ];
    for (const words of commands) {
      const { code, out, err } = await shell.bg(...words);
      expect(code, `${words.join(' ')}\n${out}\n${err}`).toBe(0);
    }
    expect((await shell.bg('status')).out).toMatch(/active +v1\.0 +healthy/);
  } finally {
    await shell.close();
  }
}
