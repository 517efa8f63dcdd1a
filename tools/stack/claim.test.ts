// The demonstration's folder may lie in the system's temporary folder, where another account may have made it first.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claim } from './claim.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'bg-claim-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('refuses a folder that others may write to, and writes nothing there', async () => {
  const folder = join(base, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  await expect(claim(folder)).rejects.toThrow(/was not made by this account only for itself/);
  expect(readdirSync(folder)).toEqual([]);
});

it('refuses a link in the place of the folder', async () => {
  const folder = join(base, 'link');
  mkdirSync(join(base, 'elsewhere'), { mode: 0o700 });
  symlinkSync(join(base, 'elsewhere'), folder);
  await expect(claim(folder)).rejects.toThrow(/was not made by this account/);
  expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
});

it('takes a separate folder', async () => {
  expect((await claim(join(base, 'own'))).kind).toBe('ours');
});

it('of several that start at the same moment on what a killed one left, one gets it', async () => {
  const folder = join(base, 'own');
  mkdirSync(folder, { mode: 0o700 });
  const killed = { owner: { pid: 0, born: 'never' }, page: '', children: [] };
  writeFileSync(join(folder, 'running.json'), JSON.stringify(killed));
  const claims = await Promise.all(Array.from({ length: 6 }, () => claim(folder)));
  expect(claims.map(({ kind }) => kind).sort()).toEqual(['ours', 'taken', 'taken', 'taken', 'taken', 'taken']);
});
