// Only the account of our process can access the files that it writes; a service that it deploys gets the given umask.

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { openShell } from './testing/shell.ts';

it('keeps files and sockets private under umask 022, and gives the service 022', async () => {
  const before = process.umask(0o022);
  const shell = await openShell();
  try {
    expect(await shell.bg('deploy', 'v1.0')).toMatchObject({ code: 0 });
    const state = join(shell.folder, 'state');
    expect(openToOthers(state)).toEqual([]);
    expect(lstatSync(join(state, 'state.sqlite')).mode & 0o777).toBe(0o600);
    const { process: service } = JSON.parse(readFileSync(join(state, 'slots/shop/production/blue.json'), 'utf8'));
    expect(readFileSync(`/proc/${service.pid}/status`, 'utf8')).toMatch(/^Umask:\s+0022$/m);
  } finally {
    process.umask(before);
    await shell.close();
  }
}, 90_000);

function openToOthers(state: string): readonly string[] {
  return readdirSync(state, { recursive: true, withFileTypes: true }).flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    const { mode } = lstatSync(path);
    return (mode & 0o077) === 0 ? [] : [`${relative(state, path)} ${(mode & 0o777).toString(8)}`];
  });
}
