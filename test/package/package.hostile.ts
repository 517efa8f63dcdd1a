// The package on the balancers that are programs of the system, and the Debian package in a Debian of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildDebianPackage } from '../../tools/packaging/debian-package.ts';
import { buildPackage } from '../../tools/packaging/npm-package.ts';
import { deployWith, layPackage, root } from './lay-package.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

const home = mkdtempSync(join(tmpdir(), 'bg-package-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the package', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await layPackage(home);
  });
  it.each(['haproxy', 'nginx'] as const)('deploys on %s', (balancer) =>
    deployWith([process.execPath, join(folder, 'bin', 'bg.mjs')], balancer),
  );
});

const canMakeDebian = process.getuid?.() === 0 && existsSync('/usr/sbin/debootstrap');
describe.skipIf(!canMakeDebian)('the Debian package (needs root and debootstrap)', () => {
  const debian = join(home, 'debian');
  const inside = (...words: string[]) =>
    spawnSync('chroot', [debian, ...words], {
      encoding: 'utf8',
      timeout: 120_000,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
    });
  let into = '';

  beforeAll(async () => {
    const sources = globSync('/etc/apt/sources.list*/**', { withFileTypes: true }).filter((each) => each.isFile());
    const text = [...sources.map((each) => join(each.parentPath, each.name)), '/etc/apt/sources.list'].map((file) =>
      existsSync(file) ? readFileSync(file, 'utf8') : '',
    );
    const mirror = /https?:\/\/\S+\/debian\/?(?=\s)/.exec(text.join('\n'))?.[0];
    execFileSync('debootstrap', ['--variant=minbase', 'bookworm', debian, ...(mirror === undefined ? [] : [mirror])], {
      stdio: 'ignore',
    });
    into = mkdtempSync(join(home, 'packages-'));
    const folder = join(root, 'node_modules', '.cache', 'debian');
    const version = await buildPackage(root, folder);
    const file = buildDebianPackage({ root, folder, version, into });
    rmSync(folder, { recursive: true });
    execFileSync('cp', [file ?? '', join(debian, 'bluegreen.deb')]);
  });

  it('installs, works without any other Node, and leaves nothing behind when it is removed', () => {
    expect(inside('dpkg', '--install', '/bluegreen.deb')).toMatchObject({ status: 0 });
    expect(inside('bg', '--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
    const refused = inside('bg', 'status');
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain('bluegreen.yaml');
    const completed = inside(
      'bash',
      '-c',
      '. /usr/share/bash-completion/completions/bg; COMP_WORDS=(bg audit ""); COMP_CWORD=2; _bg; declare -p COMPREPLY',
    );
    expect(completed.stdout).toContain('verify');
    expect(inside('dpkg', '--remove', 'bluegreen')).toMatchObject({ status: 0 });
    expect(existsSync(join(debian, 'usr/lib/bluegreen'))).toBe(false);
  });
});
