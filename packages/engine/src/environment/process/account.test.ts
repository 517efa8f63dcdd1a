// A release under its own account, started by root: what it may not do, and that everything else works as without one.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitFiles } from '../../lib/control-group.ts';
import { openDatabase } from '../../state/database.ts';
import { logFileIn, processOf } from '../contract-fixture.ts';
import type { LaunchSettings, SlotPlace } from '../environment.ts';
import { processStat } from '../proc-fs.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

const isRoot = process.getuid?.() === 0;
const hasGroups = isRoot && existsSync('/sys/fs/cgroup/pids/cgroup.procs');
const account = { user: 'nobody' };
const nobody = 65_534;

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
  chmodSync(fixture.folder, 0o711);
});
afterEach(async () => {
  // With the slot goes its control group, which no folder of the test holds.
  await fixture.environment.stop(fixture.blue, 5_000);
  await fixture.close();
});

/** Does on request what a hostile release does at its start. */
const thief = `
import { createServer } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
const attempt = (act) => { try { return act(); } catch (thrown) { return thrown.code; } };
const secretOf = (pid) => /SIGNING_SECRET_OF_A_TEST=([^\\0]+)/.exec(readFileSync('/proc/' + pid + '/environ', 'utf8'))?.[1];
createServer((request, response) => response.end(JSON.stringify({
  uid: process.getuid(),
  secrets: readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).flatMap((pid) => attempt(() => secretOf(pid)) ?? [])
    .filter((text) => text === 'whsec-of-a-test'),
  state: attempt(() => readFileSync(process.env.STATE_FILE).length > 0),
  list: attempt(() => readdirSync(process.env.STATE).length > 0),
  signal: attempt(() => process.kill(Number(process.env.BOT), 0)),
}))).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;

async function stolenBy(settings: Partial<LaunchSettings>): Promise<Record<string, unknown>> {
  const { environment, blue, release, stateFolder } = fixture;
  openDatabase(stateFolder).$client.close();
  const bot = spawn('sleep', ['600'], { env: { SIGNING_SECRET_OF_A_TEST: 'whsec-of-a-test', PATH: '/usr/bin:/bin' } });
  try {
    const env = {
      ...fixture.settings.env,
      STATE: stateFolder,
      STATE_FILE: join(stateFolder, 'state.sqlite'),
      BOT: `${bot.pid}`,
    };
    await environment.start(blue, release('v1', thief), { ...fixture.settings, ...settings, env });
    return JSON.parse(await bodyOf(blue));
  } finally {
    bot.kill('SIGKILL');
  }
}

async function bodyOf({ port }: SlotPlace): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`)).text();
    } catch (thrown) {
      if (attempt > 200) throw thrown;
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }
}

describe.skipIf(!isRoot)('a release that runs as another account (needs root to change accounts)', () => {
  it('reads the secret of the bot, and its state, where it runs as the bot does', async () => {
    expect(await stolenBy({})).toEqual({
      uid: 0,
      secrets: ['whsec-of-a-test'],
      state: true,
      list: true,
      signal: true,
    });
  });

  it('reads neither under its own account, and can send the bot no signal', async () => {
    expect(await stolenBy({ account })).toEqual({
      uid: nobody,
      secrets: [],
      state: 'EACCES',
      list: 'EACCES',
      signal: 'EPERM',
    });
  });

  it('keeps the process id, is inspected and stopped, and what it started ends with it', async () => {
    const { environment, blue, release, settings } = fixture;
    const hidden = `
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
const child = spawn('/usr/bin/sleep', ['600'], { env: { PATH: '/usr/bin:/bin' }, detached: true, stdio: 'ignore' });
createServer((request, response) => response.end(String(child.pid))).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;
    const started = await environment.start(blue, release('v1', hidden), { ...settings, account });
    const child = Number(await bodyOf(blue));
    expect(readFileSync(`/proc/${started.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    expect(readFileSync(`/proc/${started.pid}/status`, 'utf8')).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(readFileSync(`/proc/${started.pid}/status`, 'utf8')).toMatch(/^CapPrm:\s+0{16}$/m);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', pid: started.pid, version: 'v1' });
    await environment.stop(blue, 10_000);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped', lastExit: 'stopped (SIGTERM)' });
    // It left the group and carries no mark: only the control group knows it.
    if (hasGroups) expect(isLiving(child)).toBe(false);
    else if (isLiving(child)) process.kill(child, 'SIGKILL');
  });

  it('is found again by an engine that lost its record, and adopted', async () => {
    const { environment, another, blue, release, settings, stateFolder } = fixture;
    const pid = processOf(await environment.start(blue, release('v1'), { ...settings, account }));
    await bodyOf(blue);
    const record = join(stateFolder, 'slots/shop/production/blue.json');
    writeFileSync(record, '{');
    const adopted = await another().adoption?.adopt(blue, { version: 'v1', digest: 'digest-of-v1' });
    expect(adopted).toMatchObject({ pid, adopted: true });
    await another().stop(blue, 10_000);
    expect(isLiving(pid)).toBe(false);
  });

  it('reads its rendered files, and opens its output again by /dev/stdout', async () => {
    const { environment, blue, release, settings, stateFolder } = fixture;
    const reader = `
import { readFileSync, readdirSync, writeFileSync, appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
appendFileSync('/dev/stdout', 'said by its path\\n');
const attempt = (act) => { try { return act(); } catch (thrown) { return thrown.code; } };
const folder = process.env.CONFIG_DIR;
createServer((request, response) => response.end(JSON.stringify({
  content: readFileSync(folder + '/app.conf', 'utf8'),
  names: readdirSync(folder),
  add: attempt(() => writeFileSync(folder + '/more', '')) ?? 'written',
}))).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;
    const files = release('v1', reader);
    writeFileSync(join(files.folder, 'app.conf.hbs'), 'colour {{ENVIRONMENT_COLOR}}\n');
    await environment.start(blue, files, { ...settings, account, templates: ['app.conf.hbs'] });
    expect(JSON.parse(await bodyOf(blue))).toEqual({ content: 'colour blue\n', names: ['app.conf'], add: 'EACCES' });
    expect(readFileSync(logFileIn(environment, blue), 'utf8')).toContain('said by its path');
    const asDaemon = (path: string) =>
      execFileSync('/usr/bin/setpriv', ['--reuid=1', '--regid=1', '--clear-groups', 'cat', path], { stdio: 'pipe' });
    const { CONFIG_DIR } = environmentOf(await pidIn(environment, blue));
    expect(() => asDaemon(join(CONFIG_DIR ?? '', 'app.conf'))).toThrow(/Permission denied/);
    expect(() => asDaemon(join(stateFolder, 'slots/shop/production/blue.json'))).toThrow(/Permission denied/);
  });

  it('is refused before anything is stopped where the release is closed to the account', async () => {
    const { environment, blue, release, settings } = fixture;
    const { pid } = await environment.start(blue, release('v1'), settings);
    const closed = release('v2');
    chmodSync(closed.folder, 0o700);
    const refusal = environment.start(blue, closed, { ...settings, account });
    await expect(refusal).rejects.toThrow(`it may not enter or execute ${closed.folder}`);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', pid });
  });

  it.each([
    [{ user: 'no-such-account' }, /there is no account no-such-account on this machine/],
    [{ user: 'root' }, /root is root, which no release runs as/],
    [{ user: 'nobody', group: 'no-such-group' }, /there is no group no-such-group/],
    [{ user: '54321' }, /name its group by number too/],
  ])('is refused for %o', async (wrong, sentence) => {
    const { environment, blue, release, settings } = fixture;
    await expect(environment.start(blue, release('v1'), { ...settings, account: wrong })).rejects.toThrow(sentence);
  });

  it('is refused by an engine that may not change accounts', () => {
    const file = join(import.meta.dirname, '../../lib/accounts.ts');
    const script = `import(${JSON.stringify(file)}).then(({ asAccount, findAccount }) => asAccount(['true'], findAccount({ user: 'daemon' }))).catch((thrown) => console.log(thrown.message))`;
    const said = execFileSync(
      '/usr/bin/setpriv',
      [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, '-e', script],
      { encoding: 'utf8', cwd: '/', env: { PATH: dirname(process.execPath) } },
    );
    expect(said).toMatch(/this process runs as user 65534 and only root can start a program as daemon/);
  });
});

describe.skipIf(!hasGroups)('a slot with a quota (needs root and control groups, version 1)', () => {
  it('cannot have more processes or memory than that, and the group goes with the slot', async () => {
    const { environment, blue, release, settings } = fixture;
    const greedy = `
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
createServer(async (request, response) => {
  const children = [];
  let refused;
  for (let count = 0; count < 60 && refused === undefined; count++) {
    const child = spawn('/usr/bin/sleep', ['5']);
    refused = await new Promise((resolve) => child.once('spawn', () => resolve(undefined)).once('error', ({ code }) => resolve(code)));
    children.push(child);
  }
  response.end(JSON.stringify({ refused }));
  for (const child of children) child.kill('SIGKILL');
}).listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;
    const quota = { pids: 40, memoryBytes: 256 * 2 ** 20, cpus: 1.5 };
    const { pid } = await environment.start(blue, release('v1', greedy), { ...settings, account, quota });
    expect(JSON.parse(await bodyOf(blue))).toEqual({ refused: 'EAGAIN' });
    const memberships = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    const [, group = ''] = /^\d+:pids:(.*)$/m.exec(memberships) ?? [];
    expect(group).toMatch(/^\/bluegreen\/[0-9a-f]{12}\.shop\.production\.blue$/);
    expect(readFileSync(`/sys/fs/cgroup/memory${group}/memory.limit_in_bytes`, 'utf8').trim()).toBe('268435456');
    expect(readFileSync(`/sys/fs/cgroup/cpu${group}/cpu.cfs_quota_us`, 'utf8').trim()).toBe('150000');
    await environment.stop(blue, 10_000);
    expect(existsSync(`/sys/fs/cgroup/pids${group}`)).toBe(false);
    expect(existsSync(`/sys/fs/cgroup/memory${group}`)).toBe(false);
  });

  it('is ended by the kernel when it takes more memory, and the engine is not', async () => {
    const { environment, blue, release, settings } = fixture;
    const hungry = `
import { createServer } from 'node:http';
createServer(() => { const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1)); })
  .listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');
`;
    const quota = { memoryBytes: 128 * 2 ** 20 };
    await environment.start(blue, release('v1', hungry), { ...settings, account, quota });
    await expect(bodyOfOnce(blue)).rejects.toThrow();
    await expect
      .poll(() => environment.inspect(blue), { timeout: 20_000 })
      .toMatchObject({ kind: 'stopped', lastExit: expect.stringContaining('SIGKILL') });
  });
});

it('writes the limits of both versions of control groups', () => {
  const limits = [
    ['memoryBytes', 1024],
    ['pids', 10],
    ['cpus', 0.5],
  ] as const;
  expect(limits.flatMap(([part, limit]) => limitFiles(part, limit, true))).toEqual([
    ['memory.max', '1024'],
    ['pids.max', '10'],
    ['cpu.max', '50000 100000'],
  ]);
  expect(limits.flatMap(([part, limit]) => limitFiles(part, limit, false))).toEqual([
    ['memory.limit_in_bytes', '1024'],
    ['pids.max', '10'],
    ['cpu.cfs_period_us', '100000'],
    ['cpu.cfs_quota_us', '50000'],
  ]);
});

/** Waits until it listens, and asks once. */
async function bodyOfOnce({ port }: SlotPlace): Promise<string> {
  await expect.poll(() => readFileSync('/proc/net/tcp', 'utf8'), { timeout: 20_000 }).toContain(hexOf(port));
  return (await fetch(`http://127.0.0.1:${port}/`)).text();
}

const hexOf = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;

const isLiving = (pid: number): boolean => processStat(pid)?.zombie === false;

async function pidIn(environment: ProcessFixture['environment'], place: SlotPlace): Promise<number> {
  const seen = await environment.inspect(place);
  return seen.kind === 'running' ? processOf(seen) : 0;
}

function environmentOf(pid: number): Record<string, string | undefined> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(entries.map((entry) => entry.split('=', 2)));
}
