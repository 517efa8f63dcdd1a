// An engine that is not root and starts its slots through the helper, with the real sudo: everything that it does with a slot,
// and what its account could try with the one command that it may run as root. Needs root, sudo and perl; while it runs, the helper,
// its list and a rule of sudo are installed.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../lib/testing/ports.ts';
import { deafServer, talkingServer } from '../contract-fixture.ts';
import { folderMark } from './launch.ts';
import { processStat } from './proc-fs.ts';

const helper = '/usr/local/sbin/bluegreen-slot';
const list = '/etc/bluegreen/slots.conf';
const rule = `/etc/sudoers.d/bluegreen-test-${process.pid}`;
const shipped = join(import.meta.dirname, '../../../../../deploy/helper');
const needed = ['/usr/bin/sudo', '/usr/bin/perl', '/usr/bin/setpriv', '/sys/fs/cgroup/pids/cgroup.procs'];
const canTry = process.getuid?.() === 0 && needed.every(existsSync) && ![helper, list].some(existsSync);
/** The engine is `games`, and its slots are of `nobody`. */
const [games, nobody] = [5, 65_534];
const slot = 'shop.production.blue';

let folder = '';
let port = 0;

beforeAll(async () => {
  if (!canTry) return;
  folder = mkdtempSync(join(tmpdir(), 'bg-helper-'));
  for (const path of [folder, join(folder, 'releases')]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
    chownSync(path, games, 60);
  }
  [port = 0] = await freePorts(1);
  mkdirSync(dirname(list), { recursive: true });
  copyFileSync(join(shipped, 'bluegreen-slot'), helper);
  chmodSync(helper, 0o755);
  writeFileSync(
    list,
    `# a comment\n${slot} nobody ${folder}/releases\nshop.production.green root ${folder}/releases\n`,
  );
  const text = readFileSync(join(shipped, 'bluegreen.sudoers'), 'utf8').replace('\nbluegreen ALL', '\ngames ALL');
  writeFileSync(rule, text, { mode: 0o440 });
  execFileSync('/usr/sbin/visudo', ['-cf', rule]);
});
afterAll(() => {
  if (!canTry) return;
  for (const path of [helper, list, rule]) rmSync(path, { force: true });
  spawnSync('rmdir', [dirname(list)]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  if (canTry) engine('stop', place(), 2_000);
});

const place = () => ({ service: 'shop', target: 'production', slot: 'blue', port });
const stateFolder = () => join(folder, 'state');

function asGames(argv: readonly string[], options: { readonly input?: string; readonly stdio?: never } = {}) {
  const words = ['--reuid=games', '--regid=games', '--clear-groups', '--', ...argv];
  return spawnSync('/usr/bin/setpriv', words, { encoding: 'utf8', cwd: '/', timeout: 60_000, ...options });
}

/** A new engine each time, as after a restart of the engine. */
function engine(
  act: string,
  ...given: readonly unknown[]
): { readonly value?: Record<string, unknown>; readonly code?: string; readonly message?: string } {
  const script = join(import.meta.dirname, '../testing/engine-of-another.ts');
  const { stdout, stderr } = asGames([
    process.execPath,
    script,
    JSON.stringify({ stateFolder: stateFolder(), act, arguments: given }),
  ]);
  return stdout === '' ? { message: stderr } : JSON.parse(stdout);
}

function release(version: string, source = talkingServer) {
  const own = join(folder, 'releases', version);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'server.mjs'), source);
  return { version, digest: `digest-of-${version}`, folder: own };
}

const settings = (more: object = {}) => ({
  command: ['node', 'server.mjs'],
  env: { PATH: dirname(process.execPath), PASSWORD: 'correct-horse' },
  envFiles: [],
  requiredEnv: [],
  templates: [],
  graceMs: 10_000,
  settleMs: 400,
  minFreeDiskBytes: 1,
  minFreeMemoryBytes: 1,
  maxLogBytes: 1_000_000,
  account: { user: 'nobody' },
  ...more,
});

function started(version: string, source?: string, more?: object): number {
  const { value, message } = engine('start', place(), release(version, source), settings(more));
  if (typeof value?.pid !== 'number') throw new Error(message);
  return value.pid;
}

const isLiving = (pid: number): boolean => processStat(pid)?.zombie === false;
const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();

const hiding = `
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
appendFileSync('/dev/stdout', 'said by its path\\n');
const child = spawn('/usr/bin/sleep', ['600'], { env: { PATH: '/usr/bin:/bin' }, detached: true, stdio: 'ignore' });
createServer((request, response) => response.end(JSON.stringify({ child: child.pid, password: process.env.PASSWORD })))
  .listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;

describe.skipIf(!canTry)('an engine that is not root (needs root, sudo and perl)', () => {
  it('starts a slot as its account, in its own group, with its environment and its log', async () => {
    const pid = started('v1', hiding, { quota: { pids: 50, memoryBytes: 256 * 2 ** 20, cpus: 0.5 } });
    await expect.poll(() => answer().catch(() => ''), { timeout: 20_000 }).toContain('correct-horse');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^CapPrm:\s+0{16}$/m);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('correct-horse');
    expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toContain(
      `pids:/bluegreen/${folderMark(stateFolder())}.${slot}`,
    );
    const group = `/sys/fs/cgroup/memory/bluegreen/${folderMark(stateFolder())}.${slot}`;
    expect(readFileSync(`${group}/memory.limit_in_bytes`, 'utf8').trim()).toBe(String(256 * 2 ** 20));
    await expect
      .poll(() => readFileSync(join(stateFolder(), `logs/${slot}.log`), 'utf8'), { timeout: 20_000 })
      .toContain('said by its path');
    expect(engine('inspect', place()).value).toMatchObject({ kind: 'running', pid, version: 'v1' });
    expect(engine('start', place(), release('v1', hiding), settings()).value).toMatchObject({ pid });
  });

  it('stops it after a restart of the engine, with what left its process group', async () => {
    const pid = started('v2', hiding);
    await expect.poll(() => answer().catch(() => ''), { timeout: 20_000 }).toContain('child');
    const { child } = JSON.parse(await answer()) as { child: number };
    expect(engine('stop', place(), 10_000)).toEqual({ value: null });
    expect([pid, child].map(isLiving)).toEqual([false, false]);
    expect(engine('inspect', place()).value).toMatchObject({ kind: 'stopped', lastExit: 'stopped (SIGTERM)' });
    expect(existsSync(`/sys/fs/cgroup/pids/bluegreen/${folderMark(stateFolder())}.${slot}`)).toBe(false);
  });

  it('kills one that ignores SIGTERM, after its grace', async () => {
    const pid = started('v3', deafServer);
    await expect.poll(() => answer().catch(() => ''), { timeout: 20_000 }).not.toBe('');
    expect(engine('stop', place(), 500)).toEqual({ value: null });
    expect(isLiving(pid)).toBe(false);
    expect(engine('inspect', place()).value).toMatchObject({ lastExit: expect.stringContaining('SIGKILL') });
  });

  it('sees that one was killed, and starts another in its place', () => {
    const pid = started('v4');
    process.kill(pid, 'SIGKILL');
    expect(engine('inspect', place()).value).toMatchObject({ kind: 'stopped' });
    expect(started('v5')).not.toBe(pid);
  });

  it('adopts one whose record was lost, and stops it', async () => {
    const pid = started('v6');
    await expect.poll(() => answer().catch(() => ''), { timeout: 20_000 }).not.toBe('');
    writeFileSync(join(stateFolder(), 'slots/shop/production/blue.json'), '{');
    expect(engine('adopt', place(), { version: 'v6', digest: 'd' }).value).toMatchObject({ pid, adopted: true });
    expect(engine('stop', place(), 10_000)).toEqual({ value: null });
    expect(isLiving(pid)).toBe(false);
  });

  it('is refused before anything is stopped where sudo does not allow it', () => {
    const pid = started('v7');
    chmodSync(rule, 0o600);
    const text = readFileSync(rule, 'utf8');
    writeFileSync(rule, '# none\n');
    chmodSync(rule, 0o440);
    const refused = engine('start', place(), release('v8'), settings());
    writeFileSync(rule, text);
    expect(refused).toMatchObject({
      code: 'account-refused',
      message: expect.stringMatching(/the helper cannot be run: .*password/s),
    });
    expect(engine('inspect', place()).value).toMatchObject({ kind: 'running', pid });
  });

  it('reports the message of the helper when it refuses, and refuses what only root can do', () => {
    const other = { ...place(), slot: 'green' };
    expect(engine('start', other, release('v7'), settings()).message).toMatch(
      /names the account root for it, and the configuration nobody/,
    );
    expect(engine('start', other, release('v7'), settings({ account: { user: 'root' } })).message).toMatch(
      /root, which no release runs as/,
    );
    writeFileSync(join(release('v7').folder, 'a.conf'), 'a = 1\n');
    const elsewhere = { version: 'v8', digest: 'd', folder: '/usr/bin' };
    expect(engine('start', place(), elsewhere, settings({ command: ['/usr/bin/env'] })).message).toMatch(
      /\/usr\/bin is not within .*releases/,
    );
    expect(engine('start', place(), release('v7'), settings({ templates: ['a.conf'] })).message).toMatch(
      /templates with a user need an engine that is root/,
    );
    expect(engine('start', { ...place(), service: 'other' }, release('v7'), settings()).message).toMatch(
      /install the helper for the slot/,
    );
  });
});

describe.skipIf(!canTry)("what the engine's account may try (needs root, sudo and perl)", () => {
  const mark = '0123456789ab';
  const tried = (...words: readonly string[]) => asGames(['sudo', '-n', ...words], { input: 'A=1\0' });
  const start = (...words: readonly string[]) => tried(helper, 'start', slot, mark, '-', '-', '-', ...words);

  it.each([
    ['another command', ['/bin/sh', '-c', 'id'], /password is required|not allowed/],
    [
      'a slot that is not listed',
      [helper, 'start', 'shop.production.grey', mark, '-', '-', '-', '/', '/bin/id'],
      /no name of a slot/,
    ],
    ['a way out of the list', [helper, 'members', '../../etc.x.blue', mark], /no name of a slot/],
    [
      'a slot of root',
      [helper, 'start', 'shop.production.green', mark, '-', '-', '-', '/', '/bin/id'],
      /root, which no release runs as/,
    ],
    ['another mark', [helper, 'clear', slot, '../../../system'], /no mark/],
    ['a signal of its own', [helper, 'signal', slot, mark, 'STOP'], /expected start, members, signal or clear/],
    ['a verb of its own', [helper, 'exec', slot, mark], /expected start/],
    ['a limit with a path', [helper, 'start', slot, mark, '../x', '-', '-', '/', '/bin/id'], /a limit is a number/],
    ['nothing', [helper], /expected start/],
    [
      'variables for it',
      ['PERL5OPT=-Mevil', 'LD_PRELOAD=/tmp/x.so', helper, 'members', slot, mark],
      /not allowed to set/,
    ],
  ])('%s is refused', (_, words, sentence) => {
    const { status, stderr } = tried(...words);
    expect(stderr).toMatch(sentence);
    expect(status).not.toBe(0);
  });

  it.each([
    ['a folder elsewhere', () => ['/etc', '/bin/id'], /not within/],
    ['a way out of the folder', () => [`${folder}/releases/../state`, '/bin/id'], /not within/],
    ['a program by its name', () => [`${folder}/releases`, 'id'], /by its whole path/],
  ])('%s is refused', (_, words, sentence) => {
    const { status, stderr } = start(...words());
    expect(stderr).toMatch(sentence);
    expect(status).not.toBe(0);
  });

  it('whatever it starts is of the listed account, and its variables reach nothing that is root', () => {
    const seen = asGames(
      [
        'sudo',
        '-n',
        helper,
        'start',
        slot,
        mark,
        '-',
        '-',
        '-',
        `${folder}/releases`,
        '/bin/sh',
        '-c',
        'id -u; echo "$LD_PRELOAD $PERL5OPT"',
      ],
      {
        input: 'LD_PRELOAD=/no/such.so\0PERL5OPT=-Mevil\0',
      },
    );
    expect(seen.stdout).toBe(`${nobody}\n/no/such.so -Mevil\n`);
    expect(tried(helper, 'clear', slot, mark).status).toBe(0);
  });

  it('gives away no file of others that it has open as its output', () => {
    const before = statSync('/etc/passwd');
    const script = `exec sudo -n ${helper} start ${slot} ${mark} - - - ${folder}/releases /bin/true 1</etc/passwd </dev/null`;
    asGames(['/bin/sh', '-c', script]);
    expect(statSync('/etc/passwd')).toMatchObject({ uid: before.uid, gid: before.gid, mode: before.mode });
    tried(helper, 'clear', slot, mark);
  });

  it.each([
    ['others may write', () => chmodSync(list, 0o646), () => chmodSync(list, 0o644)],
    ['is of another account', () => chownSync(list, games, 60), () => chownSync(list, 0, 0)],
  ])('a list that %s is not read', (_, spoil, mend) => {
    spoil();
    expect(tried(helper, 'members', slot, mark).stderr).toContain('must be a file of root that nobody else may write');
    mend();
    expect(tried(helper, 'members', slot, mark).status).toBe(0);
  });
});
