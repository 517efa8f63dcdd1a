// The demonstration's folder may lie in the system's temporary folder, where another account may have made it first.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claim } from './claim.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'bg-claim-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('refuses a folder that others may write to, and writes nothing there', () => {
  const folder = join(base, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  expect(() => claim(folder)).toThrow(/was not made by this account for itself alone/);
  expect(readdirSync(folder)).toEqual([]);
});

it('refuses a link in the place of the folder', () => {
  const folder = join(base, 'link');
  mkdirSync(join(base, 'elsewhere'), { mode: 0o700 });
  symlinkSync(join(base, 'elsewhere'), folder);
  expect(() => claim(folder)).toThrow(/was not made by this account/);
  expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
});

it('takes a folder of its own', () => {
  expect(claim(join(base, 'own')).kind).toBe('ours');
});
