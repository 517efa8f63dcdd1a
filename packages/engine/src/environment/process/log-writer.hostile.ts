// Two gigabytes of output without an engine, while the writer's processes are killed in turn: `npm run test:hostile`.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { ask, logFileIn, talkingServer } from '../contract-fixture.ts';
import { lastLines } from '../tail.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const limitBytes = 20 << 20;
const lines = 500_000;
/** A kill takes what one `head` had read and not yet written: 8 KB at most, two lines or three. */
const lostPerKill = 3;

/** It waits for its output, as a program does that writes with blocking calls. */
const flood = `${talkingServer}
import { once } from 'node:events';
const text = 'x'.repeat(4_090);
for (let n = 1; n <= ${lines}; n++)
  if (!process.stdout.write('line ' + n + ' ' + text + '\\n')) await once(process.stdout, 'drain');
console.log('all', ${lines});`;

/**
 * It does not wait, so its lines fill its own memory, and Node discards them all (ENOBUFS) above a third of 2 GB:
 * a process that reads the pipe as fast as it can does not prevent that.
 */
const carelessFlood = `${talkingServer}
import { appendFileSync } from 'node:fs';
process.stdout.on('error', ({ code }) => appendFileSync('errors', code + '\\n'));
const text = 'x'.repeat(4_090);
for (let n = 1; n <= 250_000; n++) console.log('line', n, text);
let n = 0;
setInterval(() => console.log('later', ++n), 100);`;

interface WriterProcess {
  readonly pid: number;
  readonly session: number;
}

/** Every process of the writer and its successor, which lead their own sessions: shells, `head` and what waits for the lock. */
function writerProcesses(log: string): readonly WriterProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const all = pids.map(Number).flatMap((pid) => {
    try {
      const [, session] = /\) \S+ \d+ \d+ (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      const isWriter = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`log-writer.sh\0${log}`);
      return [{ pid, session: Number(session), leads: isWriter && Number(session) === pid }];
    } catch {
      return [];
    }
  });
  const sessions = all.filter(({ leads }) => leads).map(({ session }) => session);
  return all.filter(({ session }) => sessions.includes(session));
}

/** A writer and its successor: with less, a kill of the other one would leave no writer. */
function isPair(processes: readonly WriterProcess[]): boolean {
  return new Set(processes.map(({ session }) => session)).size === 2;
}

/** False when it has ended since it was listed. */
function killed({ pid }: WriterProcess): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

it('two gigabytes stay below the limit, and any process of the writer may be killed', {
  timeout: 300_000,
}, async () => {
  const { environment, blue, release, settings } = fixture;
  const log = logFileIn(environment, blue);
  const started = Date.now();
  const { pid } = await environment.start(blue, release('v1', flood), { ...settings, maxLogBytes: limitBytes });
  let [most, looks, kills] = [0, 0, 0];
  const look = (): string | undefined => {
    const sizes = ['', '.1', '.2', '.3'].map((age) => statSync(`${log}${age}`, { throwIfNoEntry: false })?.size ?? 0);
    most = Math.max(
      most,
      sizes.reduce((sum, size) => sum + size),
    );
    const processes = writerProcesses(log);
    if (looks++ % 10 === 0 && isPair(processes) && killed(processes.at(kills % processes.length)!)) kills++;
    const last = lastLines(log, 1)[0];
    // Node's own last line: a service that died is shown with its reason, and not waited for.
    if (last?.startsWith('Node.js v')) throw new Error(`the service died:\n${lastLines(log, 12).join('\n')}`);
    return last;
  };
  const end = Date.now() + 240_000;
  while (look() !== `all ${lines}` && Date.now() < end) await systemClock.sleep(100);
  expect(lastLines(log, 1)).toEqual([`all ${lines}`]);
  expect(most).toBeLessThanOrEqual(limitBytes);
  expect(kills).toBeGreaterThan(2);
  const numbers = lastLines(log, 3_000).flatMap((line) => Number(/^line (\d+) x{4090}$/.exec(line)?.[1] ?? []) || []);
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  expect(lines - (numbers[0] ?? 0) + 1 - numbers.length).toBeLessThanOrEqual(kills * lostPerKill);
  expect((await ask(blue)).pid).toBe(pid);
  console.log(
    `${lines} lines of 4 KB in ${(Date.now() - started) / 1000} s, at most ${most} bytes kept, ${kills} processes killed`,
  );
});

it('of a service that never waits for its output Node discards a part, and what it writes later is there', {
  timeout: 120_000,
}, async () => {
  const { environment, blue, release, settings } = fixture;
  const files = release('v1', carelessFlood);
  const { pid } = await environment.start(blue, files, { ...settings, maxLogBytes: limitBytes, settleMs: 0 });
  const patient = { timeout: 90_000, interval: 200 };
  await expect.poll(() => lastLines(logFileIn(environment, blue), 1)[0], patient).toMatch(/^later \d+$/);
  expect(readFileSync(join(files.folder, 'errors'), 'utf8')).toBe('ENOBUFS\n');
  expect((await ask(blue)).pid).toBe(pid);
});
