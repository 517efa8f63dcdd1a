// A state folder that another account may have prepared is not opened.

import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { guardStateFolder } from './state-folder.ts';

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'bg-guard-'));
  folder = join(base, 'state');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const withMode = (mode: number): void => {
  mkdirSync(folder);
  chmodSync(folder, mode);
};
const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777;

it.each([0o777, 0o770, 0o1777, 0o722])('refuses a folder of mode %o, which other accounts may write to', (mode) => {
  withMode(mode);
  expect(() => guardStateFolder(folder)).toThrow(/other accounts may write .* run chmod 700/);
});

it('warns of a folder that other accounts may list', () => {
  withMode(0o755);
  expect(guardStateFolder(folder)).toEqual([expect.stringMatching(/may list the state folder .*mode 0755/)]);
});

it.each([0o700, 0o711])('says nothing of a folder of mode %o', (mode) => {
  withMode(mode);
  expect(guardStateFolder(folder)).toEqual([]);
});

it('refuses a database that is a link, without touching what it leads to', () => {
  withMode(0o700);
  const elsewhere = join(base, 'elsewhere');
  writeFileSync(elsewhere, 'mine', { mode: 0o644 });
  symlinkSync(elsewhere, join(folder, 'state.sqlite'));
  expect(() => openDatabase(folder)).toThrow(/state\.sqlite is a link/);
  expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
});

it('takes from other accounts what an earlier version let them read', () => {
  openDatabase(folder).$client.close();
  chmodSync(join(folder, 'state.sqlite'), 0o644);
  openDatabase(folder).$client.close();
  expect(modeOf('state.sqlite')).toBe(0o600);
});

it.skipIf(process.getuid?.() !== 0)(
  'warns root of a folder of another account (needs root to give a folder away)',
  () => {
    withMode(0o700);
    chownSync(folder, 65_534, 65_534);
    expect(guardStateFolder(folder)).toEqual([expect.stringMatching(/belongs to user 65534.*runs as root/)]);
  },
);
