import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { withFileLock } from './file-lock.ts';
import { compete, count, readJournal, startHolder } from './testing/lock-holders.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lock = (holdMs = 60_000) => ({ path, clock: systemClock, holdMs });

test('one at a time, and after a failure the next', async () => {
  let inside = 0;
  const works = Array.from({ length: 8 }, (_, at) =>
    withFileLock(lock(), async () => {
      inside++;
      expect(inside).toBe(1);
      await systemClock.sleep(5);
      inside--;
      if (at === 3) throw new Error('on purpose');
    }),
  );
  const ended = await Promise.allSettled(works);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(existsSync(path)).toBe(false);
});

test('a holder that is dead loses it at once', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, String(pid));
  expect(await withFileLock(lock(), async () => 'taken from the dead')).toBe('taken from the dead');
});

test('a live holder loses it after its time, which the waiting process measures without the wall clock', async () => {
  const anHourAhead = { ...systemClock, now: () => Date.now() + 3_600_000 };
  let isHeld = true;
  const holding = withFileLock(lock(), async () => {
    await systemClock.sleep(300);
    isHeld = false;
  });
  expect(await withFileLock({ ...lock(), clock: anHourAhead }, async () => isHeld)).toBe(false);
  await holding;
  writeFileSync(path, String(process.ppid));
  const ahead = new Date(Date.now() + 3_600_000);
  utimesSync(path, ahead, ahead);
  expect(await withFileLock(lock(200), async () => 'taken from the hung')).toBe('taken from the hung');
});

test('a process that waits while live holders follow one another gives up in the end, and names one', async () => {
  const next = (): void => {
    writeFileSync(`${path}.next`, String(process.ppid));
    renameSync(`${path}.next`, path);
  };
  next();
  let passed = 0;
  const sleep = async (ms: number): Promise<void> => {
    passed += ms;
    next();
  };
  const clock = { ...systemClock, monotonic: () => passed, sleep };
  await expect(withFileLock({ ...lock(200), clock }, async () => 'never')).rejects.toMatchObject({
    code: 'lease-held',
    message: expect.stringContaining(String(process.ppid)),
  });
});

test('six processes whose holders die inside never hold it twice at once', async () => {
  const place = { path, journal: join(folder, 'journal') };
  await compete(place, 6, 150);
  expect(count(place)).toMatchObject({ double: 0, entries: expect.any(Number) });
  expect(count(place).entries).toBeGreaterThan(100);
});

test('a holder that hangs keeps it, and is named; when it is killed the next one has it at once', async () => {
  const place = { path, journal: join(folder, 'journal') };
  const holder = startHolder(place, 1, 'hang');
  const gone = once(holder, 'exit');
  while (readJournal(place).length === 0) await systemClock.sleep(20);
  await expect(withFileLock(lock(200), async () => 'never')).rejects.toMatchObject({
    code: 'lease-held',
    message: expect.stringContaining(`process ${holder.pid} `),
  });
  holder.kill('SIGKILL');
  await gone;
  expect(await withFileLock(lock(), async () => 'taken from the dead')).toBe('taken from the dead');
  expect(existsSync(path)).toBe(false);
});
