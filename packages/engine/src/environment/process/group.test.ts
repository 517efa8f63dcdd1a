// Stopping a slot ends all processes that it started, and no others.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { ask, processOf, refusalOf, talkingServer } from '../contract-fixture.ts';
import { portHolder } from '../port-holder.ts';
import { identify } from '../proc-fs.ts';
import { withSlotLock } from '../slot-lock.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';
import { endAll } from './stop.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const childOf = (options: string): string => `
import { spawn } from 'node:child_process';
spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], ${options});
`;

describe('what a release started', () => {
  it('is ended with it, even where it ignores SIGTERM', async () => {
    const { environment, blue, release, settings, marked } = fixture;
    await environment.start(blue, release('v1', talkingServer + childOf('{}')), settings);
    await ask(blue);
    await expect.poll(() => marked().length, { timeout: 20_000 }).toBe(2);
    await environment.stop(blue, 500);
    expect(marked()).toEqual([]);
  });

  it('is ended with it, even where it left the process group', async () => {
    const { environment, blue, release, settings, marked } = fixture;
    const escaping = talkingServer + childOf("{ detached: true, stdio: 'ignore' }");
    await environment.start(blue, release('v1', escaping), settings);
    await ask(blue);
    await expect.poll(() => marked().length, { timeout: 20_000 }).toBe(2);
    await environment.stop(blue, 500);
    expect(marked()).toEqual([]);
  });

  it('is ended before the next start, when the release itself crashed and left it on the port', async () => {
    const { environment, blue, release, settings, marked } = fixture;
    const leaving = `
import { spawn } from 'node:child_process';
const holder = "require('node:net').createServer().listen(" + process.env.APPLICATION_PORT + ", '127.0.0.1')";
spawn(process.execPath, ['-e', holder], { stdio: 'ignore' });
setInterval(() => {}, 1000);
`;
    const pid = processOf(await environment.start(blue, release('v1', leaving), settings));
    await expect.poll(() => portHolder(blue.port)).toBeDefined();
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await environment.inspect(blue)).kind, { timeout: 20_000 }).toBe('stopped');
    expect(marked()).toHaveLength(1);
    const next = await environment.start(blue, release('v2'), settings);
    expect(marked()).toEqual([next.pid]);
    expect((await ask(blue)).env.APP_VERSION).toBe('v2');
  });

  it('is ended when the release itself ends at once', async () => {
    const { environment, blue, release, settings, marked } = fixture;
    const leaving = `${childOf("{ stdio: 'ignore' }")} setTimeout(() => process.exit(1), 300);`;
    const impatient = { ...settings, settleMs: 20_000, graceMs: 100 };
    expect((await refusalOf(environment.start(blue, release('v1', leaving), impatient))).code).toBe('start-failed');
    expect(marked()).toEqual([]);
  });

  it('counts as its use of memory and processor', async () => {
    const { environment, blue, release, settings } = fixture;
    const alone = await environment.start(blue, release('v1'), settings);
    await ask(blue);
    const small = await environment.inspect(blue);
    await environment.stop(blue, 20_000);
    const busyChild = childOf('{}').replace('setInterval(() => {}, 1000)', 'for (;;) {}');
    await environment.start(blue, release('v2', talkingServer + busyChild), settings);
    await ask(blue);
    const running = async () => {
      const seen = await environment.inspect(blue);
      if (seen.kind !== 'running') throw new Error('it ended');
      return seen;
    };
    await running();
    // The release itself does nothing. On a busy machine its child gets a small part of a processor.
    await expect.poll(async () => (await running()).cpuPercent, { interval: 1_000 }).toBeGreaterThan(5);
    if (small.kind !== 'running') throw new Error('both run');
    expect(alone.cpuPercent).toBe(0);
    expect((await running()).memoryBytes).toBeGreaterThan(small.memoryBytes * 1.3);
    await environment.stop(blue, 200);
  });
});

it('has released its port when it counts as gone, however often the test checks', async () => {
  const { blue, folder, settings } = fixture;
  // Without pauses between the looks, to see a process in the middle of its end.
  const restless = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const script = `require('node:net').createServer().listen(${blue.port}, '127.0.0.1')`;
  const holders: unknown[] = [];
  for (let round = 0; round < 60; round++) {
    const launch = `closely.${round}`;
    const env = { ...settings.env, BLUEGREEN_LAUNCH: launch };
    await spawnDetached({ argv: ['node', '-e', script], cwd: folder, env, logFile: join(folder, 'holder.txt') });
    await expect.poll(() => portHolder(blue.port), { timeout: 20_000, interval: 5 }).toBeDefined();
    await endAll({ launch, process: undefined }, { graceMs: 20_000, clock: restless });
    holders.push(portHolder(blue.port));
  }
  expect(holders.filter((holder) => holder !== undefined)).toEqual([]);
});

describe('an adopted process', () => {
  it('goes on untouched, is stopped with what it started, and its neighbours in the group are spared', async () => {
    const { another, environment, blue, folder, settings } = fixture;
    // A shell script: the service is one of two programs in one group, as a person would have started it.
    const serve = `require('node:http').createServer((q, s) => s.end(JSON.stringify({ pid: process.pid, env: {} }))).listen(${blue.port}, '127.0.0.1')`;
    const script = `sleep 60 & node -e "$SERVE" & wait`;
    const env = { PATH: `${settings.env.PATH}:/usr/bin:/bin`, SERVE: serve };
    const shell = await spawnDetached({
      argv: ['sh', '-c', script],
      cwd: folder,
      env,
      logFile: join(folder, 'shell.txt'),
    });
    try {
      const { pid } = await ask(blue);
      const adopted = await environment.adoption?.adopt(blue, { version: 'v0', digest: 'unknown' });
      expect(adopted).toMatchObject({ pid, version: 'v0', digest: 'unknown', adopted: true });
      expect(Math.abs((adopted?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await another().inspect(blue)).toMatchObject({ kind: 'running', pid, adopted: true });
      await another().stop(blue, 20_000);
      expect(identify(pid)).toBeUndefined();
      expect(identify(shell.pid)).toBeDefined();
    } finally {
      process.kill(-shell.pid, 'SIGKILL');
    }
  });

  it('is one of ours again after its slot file was lost, with all that it started', async () => {
    const { environment, blue, release, settings, marked, stateFolder } = fixture;
    const started = await environment.start(blue, release('v1', talkingServer + childOf('{}')), settings);
    await ask(blue);
    await expect.poll(() => marked().length, { timeout: 20_000 }).toBe(2);
    rmSync(join(stateFolder, 'slots'), { recursive: true });
    expect((await refusalOf(environment.start(blue, release('v1'), settings))).code).toBe('port-in-use');
    expect(await environment.adoption?.adopt(blue, { version: 'v1', digest: 'd' })).toMatchObject({ pid: started.pid });
    await environment.stop(blue, 500);
    expect(marked()).toEqual([]);
  });
});

it('says who is changing a slot when that takes too long', async () => {
  const request = { place: fixture.blue, mark: 'abcdef', waitMs: 100, clock: systemClock };
  const refusal = await withSlotLock(request, () => refusalOf(withSlotLock(request, async () => undefined)));
  expect(refusal.code).toBe('lease-held');
  expect(refusal.message).toBe(`blue of shop/production is being changed by pid ${process.pid} (node)`);
});

it('releases a slot when the process that was changing it is killed', async () => {
  const code = `require('node:net').createServer().listen('\\0bluegreen/killed/shop/production/blue', () => console.log('held'))`;
  const holder = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const request = { place: fixture.blue, mark: 'killed', waitMs: 20_000, clock: systemClock };
  const waiting = withSlotLock(request, async () => 'mine');
  holder.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});
