// Refs of a real repository, checked out and built; and what an announced ref must not be able to do.

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AllowedRepository } from '../config/artifacts/settings.ts';
import { removeFolder } from '../lib/remove-folder.ts';
import { fetchInto, testLimits, testSettings } from './testing-fetch.ts';

let folder: string;
let origin: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-git-'));
  origin = join(folder, 'origin');
  mkdirSync(origin);
  mkdirSync(join(folder, 'releases'));
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(origin, 'server.mjs'), 'one');
  writeFileSync(
    join(origin, 'build.mjs'),
    "import { mkdirSync, writeFileSync } from 'node:fs'; mkdirSync('dist'); writeFileSync('dist/built', JSON.stringify(process.env));",
  );
  commit('first');
});
afterEach(() => removeFolder(folder));

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
  return execFileSync('git', [...who, ...args], { cwd: origin, encoding: 'utf8' }).trim();
}

function commit(subject: string): string {
  git('add', '--all');
  git('commit', '--quiet', '--message', subject);
  return git('rev-parse', 'HEAD');
}

const settings = (more: Partial<AllowedRepository> = {}) =>
  testSettings({
    limits: testLimits,
    repositories: [
      { url: `file://${origin}`, name: 'acme/shop', authorization: undefined, build: undefined, output: '.', ...more },
    ],
  });

const fetchRef = (ref: string, more: Partial<AllowedRepository> = {}, built?: string) =>
  fetchInto(folder, { kind: 'git', repository: 'acme/shop', ref }, settings(more), { commit: built });

const release = (name: string) => readFileSync(join(folder, 'releases', 'v1', name), 'utf8');
const expectNothing = () => expect(readdirSync(join(folder, 'releases'))).toEqual([]);

describe('a ref of a repository', () => {
  it('is checked out without its history, and says which commit it was', async () => {
    const fetched = await fetchRef('main');
    expect(readdirSync(join(folder, 'releases', 'v1')).sort()).toEqual(['build.mjs', 'server.mjs']);
    expect(fetched.source).toMatch(new RegExp(`^file:///.*origin at ${git('rev-parse', 'HEAD')}$`));
  });

  it('is built, in an environment that holds nothing of ours, and its output is the release', async () => {
    await fetchRef('main', { build: [process.execPath, 'build.mjs'], output: 'dist' });
    expect(readdirSync(join(folder, 'releases', 'v1'))).toEqual(['built']);
    expect(Object.keys(JSON.parse(release('built'))).sort()).toEqual(['APP_VERSION', 'CI', 'HOME', 'LANG', 'PATH']);
    expect(JSON.parse(release('built'))).toMatchObject({ APP_VERSION: 'v1' });
  });

  it('may be a tag, a branch with slashes, or a commit', async () => {
    const first = git('rev-parse', 'HEAD');
    git('tag', 'v1.0+build');
    git('branch', 'feature/one');
    writeFileSync(join(origin, 'server.mjs'), 'two');
    commit('second');
    for (const ref of ['v1.0+build', 'feature/one', first]) {
      await fetchRef(ref);
      expect(release('server.mjs'), ref).toBe('one');
      await removeFolder(join(folder, 'releases', 'v1'));
    }
  });

  it('that moved since CI built it is refused', async () => {
    const built = git('rev-parse', 'HEAD');
    await fetchRef('main', {}, built);
    await removeFolder(join(folder, 'releases', 'v1'));
    writeFileSync(join(origin, 'server.mjs'), 'two');
    const now = commit('second');
    await expect(fetchRef('main', {}, built)).rejects.toThrow(
      `main of acme/shop is ${now.slice(0, 12)} now, and CI announced ${built.slice(0, 12)}`,
    );
    expectNothing();
  });

  it.each([
    '--upload-pack=touch /tmp/evil',
    '-f',
    'main..other',
    'main:refs/heads/evil',
    '+main',
    'main^{commit}',
    'main~1',
    'HEAD',
    '@{-1}',
    'a b',
    'x.lock',
    'a//b',
    '../main',
    'main\n',
    '',
    'x'.repeat(300),
  ])('%j is none', async (ref) => {
    await expect(fetchRef(ref)).rejects.toThrow('is no name of a branch, tag or commit');
    expectNothing();
  });

  it('that is not there is reported in the words of git', async () => {
    await expect(fetchRef('nowhere')).rejects.toMatchObject({
      code: 'artifact-unavailable',
      message: expect.stringMatching(/^git fetch failed: .*nowhere/s),
    });
    expectNothing();
  });
});

describe('a repository', () => {
  it.each(['acme/other', '--upload-pack=evil', 'ext::sh -c evil', 'file:///etc'])('%s is not fetched', async (name) => {
    const source = { kind: 'git', repository: name, ref: 'main' } as const;
    await expect(fetchInto(folder, source, settings())).rejects.toThrow('is not one of the repositories');
    expectNothing();
  });

  it('runs no hook, whatever the environment of this process says', async () => {
    const hooks = join(folder, 'templates', 'hooks');
    mkdirSync(hooks, { recursive: true });
    writeFileSync(join(hooks, 'post-checkout'), `#!/bin/sh\ntouch ${folder}/hooked\n`, { mode: 0o755 });
    vi.stubEnv('GIT_TEMPLATE_DIR', join(folder, 'templates'));
    execFileSync('git', ['clone', '--quiet', origin, join(folder, 'other')]);
    expect(existsSync(join(folder, 'hooked')), 'the hook works').toBe(true);
    await removeFolder(join(folder, 'hooked'));
    await fetchRef('main').finally(() => vi.unstubAllEnvs());
    expect(existsSync(join(folder, 'hooked'))).toBe(false);
  });

  it('whose link leads out is refused', async () => {
    symlinkSync('/etc/passwd', join(origin, 'link'));
    commit('a link');
    await expect(fetchRef('main')).rejects.toThrow('leads to the absolute path "/etc/passwd"');
    expectNothing();
  });
});

describe('a build', () => {
  it('that fails is reported with its last lines', async () => {
    const script = 'console.error("no such module"); process.exit(3)';
    await expect(fetchRef('main', { build: [process.execPath, '-e', script] })).rejects.toThrow(
      /^its build failed: .* ended with 3: no such module$/,
    );
    expectNothing();
  });

  it('may say much', async () => {
    await fetchRef('main', { build: [process.execPath, '-e', 'process.stdout.write("x".repeat(5e6))'] });
  });

  it('ends with everything that it started', async () => {
    const [late, asked] = ['late', 'asked'].map((name) => JSON.stringify(join(folder, name)));
    const child = `setInterval(() => require("node:fs").existsSync(${asked}) && require("node:fs").writeFileSync(${late}, ""), 50)`;
    const script = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" }); setTimeout(() => {}, 60_000)`;
    const limits = { ...testLimits, timeMs: 1_000 };
    const desired = { ...settings({ build: [process.execPath, '-e', script] }), limits };
    const source = { kind: 'git', repository: 'acme/shop', ref: 'main' } as const;
    await expect(fetchInto(folder, source, desired)).rejects.toThrow('it took longer than 1 s');
    writeFileSync(join(folder, 'asked'), '');
    await new Promise((wake) => setTimeout(wake, 1_000));
    rmSync(join(folder, 'asked'));
    expect(existsSync(join(folder, 'late'))).toBe(false);
    expectNothing();
  });

  it('whose output is not there, or is elsewhere, is refused', async () => {
    await expect(fetchRef('main', { output: 'dist' })).rejects.toThrow('the build of acme/shop made no dist');
    const script = 'require("node:fs").symlinkSync("/etc", "dist")';
    await expect(fetchRef('main', { build: [process.execPath, '-e', script], output: 'dist' })).rejects.toThrow(
      'dist of acme/shop leads out of the repository',
    );
    expectNothing();
  });
});

const isRoot = process.getuid?.() === 0 && existsSync('/sys/fs/cgroup/pids/cgroup.procs');

describe.skipIf(!isRoot)('a build under a separate account (needs root, and control groups)', () => {
  const nobody = 65_534;
  const script = `
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
const attempt = (act) => { try { return act(); } catch (thrown) { return thrown.code; } };
const secretOf = (pid) => attempt(() => readFileSync('/proc/' + pid + '/environ', 'utf8').includes('SECRET_OF_A_TEST=here'));
const left = spawn('/usr/bin/sleep', ['600'], { detached: true, stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
left.unref();
mkdirSync('dist');
writeFileSync(process.env.HOME + '/written', '');
writeFileSync('dist/built', JSON.stringify({
  uid: process.getuid(),
  secrets: readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).filter((pid) => secretOf(pid) === true).length,
  left: left.pid,
}));
`;
  const fetchAs = (user: string | undefined) => {
    const build = { build: [process.execPath, 'build.mjs'] as [string, string], output: 'dist' };
    const account = user === undefined ? {} : { buildAccount: { user } };
    return fetchInto(folder, { kind: 'git', repository: 'acme/shop', ref: 'main' }, { ...settings(build), ...account });
  };
  const living = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  beforeEach(() => {
    writeFileSync(join(origin, 'build.mjs'), script);
    commit('hostile');
    for (const path of [folder, join(folder, 'releases')]) chmodSync(path, 0o711);
  });

  it.each([
    [undefined, { uid: 0, secrets: 1 }],
    ['nobody', { uid: nobody, secrets: 0 }],
  ])('run as %s, it finds %o', async (user, found) => {
    const bot = spawn('sleep', ['600'], { env: { SECRET_OF_A_TEST: 'here', PATH: '/usr/bin:/bin' } });
    try {
      await fetchAs(user);
      const built = JSON.parse(release('built'));
      expect(built).toMatchObject(found);
      expect(living(built.left)).toBe(user === undefined);
      if (user === undefined) process.kill(built.left, 'SIGKILL');
      expect(statSync(join(folder, 'releases', 'v1', 'built')).uid).toBe(0);
    } finally {
      bot.kill('SIGKILL');
    }
  });

  it('is refused for an account that this machine does not have', async () => {
    await expect(fetchAs('no-such-account')).rejects.toThrow(
      'its build cannot run as no-such-account: there is no account no-such-account on this machine',
    );
    expectNothing();
  });
});
