// The package that is handed out, as a person has it: outside of the repository, started by its launcher.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { external } from '../../tools/packaging/bundle.ts';
import { deployWith, layPackage, root } from './lay-package.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let home = '';
let folder = '';
const launcher = (): string => join(folder, 'bin', 'bg.mjs');

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'bg-package-'));
  folder = await layPackage(home);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the launcher', () => {
  it('says the version, and stores what Node compiled in a folder of the user', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher(), '--version'], {
      encoding: 'utf8',
      env: { HOME: home },
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
    expect(existsSync(join(home, '.cache', 'bluegreen'))).toBe(true);
  });

  it('pins what npm installs to the versions that were tested', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const name of external) {
      const installed = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
      expect(manifest.dependencies[name]).toBe(installed.version);
    }
  });

  it('carries the licences of what is inside', () => {
    const text = readFileSync(join(folder, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
    expect(text).toContain('commander');
    expect(text).toContain('nodemailer');
  });
});

it('deploys, migrates and goes back', () => deployWith([process.execPath, launcher()], 'embedded'));
