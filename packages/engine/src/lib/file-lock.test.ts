import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { withFileLock } from './file-lock.ts';

vi.setConfig({ testTimeout: 120_000 });

const child = resolve(import.meta.dirname, 'testing/hold-lock.ts');
let folder: string;
let path: string;
let journal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-lock-'));
  path = join(folder, 'lock');
  journal = join(folder, 'journal');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lock = (holdMs = 60_000) => ({ path, clock: systemClock, holdMs });
const hold = (rounds: number, dying: 'no' | 'die' | 'hang'): ChildProcess =>
  spawn(process.execPath, [child, path, journal, String(rounds), dying], { stdio: ['ignore', 'ignore', 'inherit'] });
const ended = (each: ChildProcess) => new Promise((done) => each.once('exit', done));
const lines = (): readonly string[] => (existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []);

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
  const results = await Promise.allSettled(works);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(existsSync(path)).toBe(false);
});

test('six processes whose holders die inside never hold it twice at once', async () => {
  const works = Array.from({ length: 6 }, async () => {
    for (let life = 0; life < 3; life += 1) await ended(hold(60, 'die'));
  });
  await Promise.all(works);
  const alive = new Set<string>();
  let held = 0;
  for (const line of lines()) {
    const [what, pid = ''] = line.split(' ');
    // Who died inside said nothing; the next one in proves that it is gone.
    if (what === 'in') {
      for (const other of alive) expect(existsSync(`/proc/${other}`), `${other} and ${pid} at once`).toBe(false);
      alive.clear();
      alive.add(pid);
      held += 1;
    } else {
      expect(alive.delete(pid), `${pid} left a lock that another held`).toBe(true);
    }
  }
  expect(held).toBeGreaterThan(40);
});

test('who waits for a living holder gives up in the end, and names it', async () => {
  const holder = hold(1, 'hang');
  const gone = ended(holder);
  while (lines().length === 0) await systemClock.sleep(20);
  await expect(withFileLock(lock(200), async () => 'never')).rejects.toMatchObject({
    code: 'lease-held',
    message: expect.stringContaining(`process ${holder.pid}`),
  });
  holder.kill('SIGKILL');
  await gone;
  expect(await withFileLock(lock(), async () => 'taken from the dead')).toBe('taken from the dead');
});
