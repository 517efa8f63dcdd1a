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

it.each([0o777, 0o1777, 0o722])('refuses a folder of mode %o, which every account may write to', (mode) => {
  withMode(mode);
  expect(() => guardStateFolder(folder)).toThrow(/every account may write .* run chmod 700/);
});

const asRoot = process.getuid?.() === 0;

it.skipIf(!asRoot)(
  'refuses a folder that a group with other accounts may write to (needs root to give it away)',
  () => {
    withMode(0o775);
    // Group 1 is `daemon` everywhere, and holds the account of that name.
    chownSync(folder, 65_534, 1);
    expect(() => guardStateFolder(folder)).toThrow(/the group \w+ \(.*daemon.*\) may write .* run chmod 700/);
  },
);

it.skipIf(!asRoot)('accepts a folder that only the group of its owner may write to, as umask 002 makes it', () => {
  withMode(0o770);
  chownSync(folder, 1, 1);
  expect(guardStateFolder(folder)).toEqual([expect.stringMatching(/belongs to user 1/)]);
});

it.skipIf(!asRoot)('warns of a group that this machine does not know', () => {
  withMode(0o770);
  chownSync(folder, 0, 54_321);
  expect(guardStateFolder(folder)).toEqual([expect.stringMatching(/group 54321 may write/)]);
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

it.skipIf(!asRoot)('warns root of a folder of another account (needs root to give a folder away)', () => {
  withMode(0o700);
  chownSync(folder, 65_534, 65_534);
  expect(guardStateFolder(folder)).toEqual([expect.stringMatching(/belongs to user 65534.*runs as root/)]);
});
