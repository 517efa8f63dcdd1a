// Logs have a limit, and no fault of a log, its writer or its disk ends a service: tested with real processes.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { ask, logFileIn, talkingServer } from '../contract-fixture.ts';
import type { SlotPlace } from '../environment.ts';
import { lastLines, tailLog } from '../tail.ts';
import { createProcessEnvironment } from './driver.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const patient = { timeout: 60_000, interval: 50 } as const;
const MB = 1024 ** 2;

/** Writes 4 KB lines as fast as they are taken and answers meanwhile. */
const flooding = `${talkingServer}
const line = 'x'.repeat(4_000);
let n = 0;
const flood = () => { for (let i = 0; i < 50; i++) console.log('line', ++n, line); setImmediate(flood); };
flood();`;

const counting = (everyMs: number): string =>
  `${talkingServer} let n = 0; setInterval(() => console.log('line', ++n, 'x'.repeat(400)), ${everyMs});`;

function filesOf(log: string): readonly string[] {
  return readdirSync(dirname(log)).filter(
    (name) => name === basename(log) || /^\.[\w]+$/.test(name.slice(basename(log).length)),
  );
}

function bytesOf(log: string): number {
  return filesOf(log).reduce(
    (sum, name) => sum + (statSync(join(dirname(log), name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** The processes that write this slot's log, one that waits included. */
/** With what each has started; a part of a pipeline may have ended since it was listed. @returns what there was to kill. */
function killWithGroups(pids: readonly number[]): readonly number[] {
  if (pids.length === 0) return [];
  const { stdout } = spawnSync('ps', ['-o', 'pgid=', '-p', pids.join()], { encoding: 'utf8' });
  for (const group of new Set(stdout.split(/\s+/).filter(Boolean).map(Number)))
    try {
      process.kill(-group, 'SIGKILL');
    } catch {}
  return pids;
}

function writers(log: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`log-writer.sh\0${log}`);
      } catch {
        return false;
      }
    });
}

const lastNumber = (log: string): number =>
  Number(/^line (\d+)/.exec(lastLines(log, 3).findLast((line) => line.startsWith('line')) ?? '')?.[1] ?? 0);

describe('a log stays below its limit', () => {
  it('when a service writes many times as much and no engine runs', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    await environment.start(blue, release('v1', flooding), { ...settings, maxLogBytes: 4 * MB });
    let most = 0;
    await expect
      .poll(() => {
        most = Math.max(most, bytesOf(log));
        return lastNumber(log);
      }, patient)
      .toBeGreaterThan(15_000);
    expect(most).toBeLessThanOrEqual(4 * MB);
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
    await environment.stop(blue, 20_000);
    expect(bytesOf(log)).toBeLessThanOrEqual(4 * MB);
    await expect.poll(() => writers(log), patient).toEqual([]);
  });

  it('and a follower misses no line and sees none twice while it is rotated', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    await environment.start(blue, release('v1', counting(2)), { ...settings, maxLogBytes: 200_000 });
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const line of tailLog(log, { lines: 100_000, follow: true, signal: stop.signal })) {
        const number = /^line (\d+) x{400}$/.exec(line)?.[1];
        if (number) seen.push(Number(number));
      }
    })();
    await expect.poll(() => seen.length, patient).toBeGreaterThan(700);
    stop.abort();
    await following;
    expect(existsSync(`${log}.3`)).toBe(true);
    expect(seen).toEqual(seen.map((_, index) => index + (seen[0] ?? 0)));
  });

  it('and its last lines are read across its files, whole', async () => {
    const { environment, blue, release, settings } = fixture;
    const source = `for (let n = 1; n <= 200; n++) console.log('line', n, 'x'.repeat(90)); ${talkingServer}`;
    await environment.start(blue, release('v1', source), { ...settings, maxLogBytes: 40_000 });
    await ask(blue);
    await environment.stop(blue, 20_000);
    const lines = lastLines(logFileIn(environment, blue), 201);
    expect(lines.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, n) => `line ${n + 1} ${'x'.repeat(90)}`));
  });

  it('when a service of an earlier version writes into the file itself: its end is retained', async () => {
    const { environment, blue, folder, settings } = fixture;
    const log = logFileIn(environment, blue);
    mkdirSync(dirname(log), { recursive: true });
    // It writes again when it is asked to: how much it adds while the test looks does not depend on the machine.
    const script = `let n = 0; const write = () => console.log('line', ++n, 'x'.repeat(4_000));
process.on('SIGUSR2', write); setInterval(() => {}, 1_000); while (n < 150) write();`;
    const old = await spawnDetached({ argv: ['node', '-e', script], cwd: folder, env: settings.env, logFile: log });
    try {
      await expect.poll(() => bytesOf(log), patient).toBeGreaterThan(600_000);
      await environment.sweep([blue], 200_000);
      expect([statSync(`${log}.1`).size, statSync(log).size]).toEqual([50_000, 0]);
      process.kill(old.pid, 'SIGUSR2');
      await expect.poll(() => lastLines(log, 1)[0], patient).toMatch(/^line 151 /);
    } finally {
      process.kill(old.pid, 'SIGKILL');
    }
  });

  it('when an earlier version left files of any size', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    mkdirSync(dirname(log), { recursive: true });
    for (const suffix of ['', '.1', '.2', '.3']) writeFileSync(`${log}${suffix}`, `${'o'.repeat(99)}\n`.repeat(20_000));
    await environment.start(blue, release('v1'), { ...settings, maxLogBytes: MB });
    expect(bytesOf(log)).toBeLessThanOrEqual(MB);
    await expect.poll(() => lastLines(log, 1), patient).toEqual(['listening as v1']);
  });
});

describe('a service goes on', () => {
  it('when a process of its writer is killed, whichever: the other one writes on and gets a new successor', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    const { pid } = await environment.start(blue, release('v1', counting(2)), { ...settings, maxLogBytes: 100_000 });
    for (const which of [0, -1, 0]) {
      await expect.poll(() => writers(log).length, patient).toBe(2);
      const writer = writers(log)
        .toSorted((one, other) => one - other)
        .at(which)!;
      process.kill(writer, 'SIGKILL');
      const before = lastNumber(log);
      await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(before + 100);
      await expect.poll(() => writers(log).filter((other) => other !== writer).length, patient).toBe(2);
    }
    expect((await ask(blue)).pid).toBe(pid);
  });

  it('when all of them are killed at once: nothing ends it, and the next sweep starts a writer', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    const { pid } = await environment.start(blue, release('v1', counting(20)), settings);
    await expect.poll(() => writers(log).length, patient).toBe(2);
    // One that waited takes over at once, so that it takes more than one round.
    let killed = 0;
    await expect
      .poll(() => {
        const left = killWithGroups(writers(log));
        killed += left.length;
        return left;
      }, patient)
      .toEqual([]);
    const before = lastNumber(log);
    await systemClock.sleep(300);
    expect((await ask(blue)).pid).toBe(pid);
    await environment.sweep([blue], settings.maxLogBytes);
    await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(before + 10);
    const all = lastLines(log, 10_000)
      .flatMap((line) => /^line (\d+)/.exec(line)?.[1] ?? [])
      .map(Number);
    // In order and none twice; what a killed writer had read and not yet written is gone, a line or so each.
    expect(all).toEqual([...new Set(all)].toSorted((one, other) => one - other));
    expect((all.at(-1) ?? 0) - all.length).toBeLessThan(killed + 8);
    await environment.sweep([blue], settings.maxLogBytes);
    await expect.poll(() => writers(log).length, patient).toBe(2);
  });

  it('when a person removes or empties its log: what it writes later is there', async () => {
    const { environment, blue, release, settings } = fixture;
    const log = logFileIn(environment, blue);
    await environment.start(blue, release('v1', counting(1)), { ...settings, maxLogBytes: 40_000 });
    for (const act of ['truncate -s 0 "$0"', 'rm -f "$0" "$0".1 "$0".2 "$0".3', 'rm -f "$0"']) {
      await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(0);
      const before = lastNumber(log);
      execFileSync('sh', ['-c', act, log]);
      await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(before + 100);
    }
  });
});

const root = process.getuid?.() === 0;

describe.skipIf(!root)('on a full disk (a tmpfs, which needs root)', () => {
  let disk: string;
  beforeEach(() => {
    disk = join(fixture.folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  });
  afterEach(async () => {
    await onDisk?.environment.stop(onDisk.place, 5_000);
    execFileSync('umount', ['-l', disk]);
  });
  let onDisk:
    | { readonly environment: ReturnType<typeof createProcessEnvironment>; readonly place: SlotPlace }
    | undefined;

  it('lines are lost and counted, the service answers, and what it writes later is stored', async () => {
    const { blue, release, settings } = fixture;
    const environment = createProcessEnvironment({
      stateFolder: join(disk, 'state'),
      clock: systemClock,
      log: silentLog,
    });
    onDisk = { environment, place: blue };
    const { pid } = await environment.start(blue, release('v1', counting(1)), { ...settings, maxLogBytes: 200_000 });
    const log = logFileIn(environment, blue);
    await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(10);
    const ballast = join(disk, 'ballast');
    execFileSync('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null || true', ballast]);
    await systemClock.sleep(2_500);
    expect((await ask(blue)).pid).toBe(pid);
    const stuck = lastNumber(log);
    execFileSync('rm', [ballast]);
    await expect.poll(() => lastNumber(log), patient).toBeGreaterThan(stuck + 50);
    const lost = lastLines(log, 400)
      .map((line) => /^--- (\d+) lines or more were lost until/.exec(line)?.[1])
      .find(Boolean);
    expect(Number(lost)).toBeGreaterThan(100);
    expect(bytesOf(log)).toBeLessThanOrEqual(200_000);
    expect((await ask(blue)).pid).toBe(pid);
  });
});
