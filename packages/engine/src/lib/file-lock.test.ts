import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { withFileLock } from './file-lock.ts';

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

test('a holder that is dead, or holds it beyond its time, loses it', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, String(pid));
  expect(await withFileLock(lock(), async () => 'taken from the dead')).toBe('taken from the dead');
  writeFileSync(path, String(process.ppid));
  const longAgo = new Date(Date.now() - 120_000);
  utimesSync(path, longAgo, longAgo);
  expect(await withFileLock(lock(), async () => 'taken from the hung')).toBe('taken from the hung');
});

test('who waits for a living holder gives up in the end, and names him', async () => {
  writeFileSync(path, String(process.ppid));
  const soon = new Date(Date.now() + 60_000);
  utimesSync(path, soon, soon);
  await expect(withFileLock(lock(200), async () => 'never')).rejects.toMatchObject({
    code: 'lease-held',
    message: expect.stringContaining(String(process.ppid)),
  });
});
