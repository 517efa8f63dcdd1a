// A machine that was suspended for hours: CLOCK_REALTIME and CLOCK_BOOTTIME are ahead of CLOCK_MONOTONIC, for a whole
// controller that stood still meanwhile. A small library fakes the clocks of its process: a time namespace cannot, since
// its offsets are fixed before its first process, and it moves the start times of processes in /proc, which no
// suspension does.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Engine } from '@bg/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Driver, reached, stopBetweenWrites } from './support/drivers.ts';
import { alice, awaitsApproval, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const program = resolve(import.meta.dirname, 'support/driver-process.ts');
const source = resolve(import.meta.dirname, 'support/suspended-clock.c');
const canTry = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;
const hourMs = 3_600_000;

const built = mkdtempSync(join(tmpdir(), 'bg-suspended-'));
const library = join(built, 'suspended-clock.so');
beforeAll(() => {
  if (canTry) execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source]);
});
afterAll(() => rmSync(built, { recursive: true }));

let stage: Stage;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await stage.strike();
});

interface Sleeper extends Driver {
  /** Stands still, and goes on as on a machine that was suspended for so long. */
  suspend(ms: number): Promise<void>;
}

/** @param beforeMs for how long the machine was suspended before this controller started */
function driveSleeping(of: Stage, beforeMs = 0): Sleeper {
  const { folder } = of;
  const clock = join(folder, `suspended-${ends.length}`);
  const uptime = join(folder, `uptime-${ends.length}`);
  let suspendedMs = beforeMs;
  const show = (): void => {
    const [seconds = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
    writeFileSync(`${uptime}.new`, `${(Number(seconds) + suspendedMs / 1_000).toFixed(2)} 0.00\n`);
    renameSync(`${uptime}.new`, uptime);
  };
  const set = (ms: number): void => {
    suspendedMs = ms;
    // In place: the process has mapped it.
    writeFileSync(clock, new Uint8Array(new BigInt64Array([BigInt(ms)]).buffer), {
      flag: existsSync(clock) ? 'r+' : 'w',
    });
    show();
  };
  set(beforeMs);
  // /proc/uptime advances; so does the file that stands in for it.
  const advancing = setInterval(show, 50);
  const child = spawn(process.execPath, [program, join(folder, 'bluegreen.yaml'), `sleeper-${ends.length}`], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, LD_PRELOAD: library, SUSPENDED_MS: clock, UPTIME_FILE: uptime },
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const driver: Driver = {
    pid: child.pid ?? 0,
    lines: [],
    signal: (name) => void child.kill(name),
    kill: (name = 'SIGKILL') => {
      child.kill(name);
      return gone;
    },
  };
  ends.push(async () => {
    await driver.kill('SIGTERM');
    clearInterval(advancing);
  });
  return {
    ...driver,
    async suspend(ms) {
      await stopBetweenWrites(of, driver);
      set(suspendedMs + ms);
      driver.signal('SIGCONT');
    },
  };
}

const lastSeq = ({ audit }: Engine): number => audit.after(0, 10_000).at(-1)?.seq ?? 0;
const actionsOf = ({ audit }: Engine, action: string) => audit.after(0, 10_000).filter((row) => row.action === action);

describe.skipIf(!canTry)('a machine that was suspended for ten hours (needs a C compiler)', () => {
  it('in the watch of a canary: the watch goes on for the rest of its time, and nothing is promoted before', async () => {
    const judge = 'judge: { minRequests: 3, maxErrorRate: 5% }';
    stage = await setStage({
      target: `        canary: [{ percent: 50, watch: 20s }]\n        ${judge}\n        bake: 3s\n`,
    });
    const sleeper = driveSleeping(stage);
    const observer = stage.open('observer');
    await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 90_000);
    const { driver } = observer.status();
    const seq = lastSeq(observer);
    const { id } = value(observer.deploy({ version: 'v2.1', actor: alice }));
    await reached(observer, { action: 'step-started', sentence: 'watch' }, seq);
    const began = performance.now();
    const users = startUsers(stage.front, { count: 2, everyMs: 25 });
    await sleeper.suspend(10 * hourMs);
    const said = 'this machine was suspended for 600 min';
    await reached(observer, { action: 'machine-suspended', sentence: said }, seq);
    await reached(observer, { action: 'step-started', sentence: 'promote' }, seq);
    // The watch began before `began`, by what the observer needs to see it.
    expect(performance.now() - began).toBeGreaterThan(15_000);
    expect((await until(observer, id, finished, 60_000)).outcome).toMatchObject({ kind: 'promoted' });
    await users.stop();
    expect(observer.status().driver).toBe(driver);
    expect(actionsOf(observer, 'machine-suspended')).toHaveLength(1);
    expect(actionsOf(observer, 'clock-jumped')).toEqual([]);
  });

  it('past the deadline of an approval: it is over once, nothing is promoted, also under the next controller', async () => {
    const steps = 'canary: [{ percent: 10, approval: true }]\n        bake: 1s\n        approval: { deadline: 1h }';
    stage = await setStage({ target: `        ${steps}\n` });
    const sleeper = driveSleeping(stage);
    const observer = stage.open('observer');
    await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 90_000);
    const { id } = value(observer.deploy({ version: 'v2.1', actor: alice }));
    await until(observer, id, awaitsApproval, 60_000);
    await sleeper.suspend(10 * hourMs);
    expect((await until(observer, id, finished, 60_000)).outcome).toMatchObject({ code: 'approval-expired' });
    // The controller looks at its clocks once a second.
    await reached(observer, { action: 'machine-suspended', sentence: 'this machine was suspended' }, 0);
    await sleeper.kill();
    // It starts on the machine as it is after the suspension.
    driveSleeping(stage, 10 * hourMs);
    const { id: next } = value(observer.deploy({ version: 'v2.0', actor: alice }));
    const later = await until(observer, next, (view) => awaitsApproval(view) || finished(view), 90_000);
    expect(later.approval?.status).toBe('pending');
    expect(actionsOf(observer, 'approval-expired').map(({ deploymentId }) => deploymentId)).toEqual([id]);
    expect(actionsOf(observer, 'machine-suspended')).toHaveLength(1);
    expect(observer.status().targets[0]?.routing?.active).toBe('blue');
    expect(observer.audit.verify()).toMatchObject({ intact: true });
  });

  it('while no controller ran: the deadline is over once at the next start, and nothing is promoted', async () => {
    const steps = 'canary: [{ percent: 10, approval: true }]\n        bake: 1s\n        approval: { deadline: 1h }';
    stage = await setStage({ target: `        ${steps}\n` });
    const first = driveSleeping(stage);
    const observer = stage.open('observer');
    await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 90_000);
    const { id } = value(observer.deploy({ version: 'v2.1', actor: alice }));
    await until(observer, id, awaitsApproval, 60_000);
    await first.kill();
    driveSleeping(stage, 10 * hourMs);
    expect((await until(observer, id, finished, 90_000)).outcome).toMatchObject({ code: 'approval-expired' });
    expect(actionsOf(observer, 'approval-expired')).toHaveLength(1);
    expect(observer.status().targets[0]?.routing?.active).toBe('blue');
  });
});
