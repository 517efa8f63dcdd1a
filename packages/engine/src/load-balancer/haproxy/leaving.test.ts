import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../lib/clock.ts';
import { momentNow } from '../../lib/moment.ts';
import { noteLeaving, waitForLeaving } from './leaving.ts';
import { keepAliveMs } from './site.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-leave-'));
  file = join(folder, 'leaving.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Time passes only by sleeping; every reading of the wall clock moves it by `jumpMs`. */
function clockThatIsSet(jumpMs: number): Clock {
  let passed = 0;
  let wall = Date.now();
  return {
    now: () => {
      wall += jumpMs;
      return wall;
    },
    monotonic: () => 1_000_000 + passed,
    sleep: async (ms) => {
      passed += ms;
    },
  };
}

const waited = async (clock: Clock): Promise<number> => {
  const began = clock.monotonic();
  await waitForLeaving(file, clock);
  return clock.monotonic() - began;
};

test.each([0, 3_600_000, -3_600_000])(
  'a reload is waited for as long as connections idle, with a clock set by %d ms',
  async (jumpMs) => {
    const clock = clockThatIsSet(jumpMs);
    noteLeaving(file, undefined, clock);
    await clock.sleep(20_000);
    expect(await waited(clock)).toBe(keepAliveMs - 20_000);
    expect(await waited(clock)).toBe(0);
  },
);

test('does not wait after the end of the process, a restart of the machine, or with an old note', async () => {
  const clock = clockThatIsSet(0);
  noteLeaving(file, { pid: process.pid, startTicks: 1 }, clock);
  expect(await waited(clock)).toBe(0);
  writeFileSync(file, JSON.stringify({ since: { ...momentNow(clock), bootId: 'earlier' } }));
  expect(await waited(clock)).toBe(0);
  writeFileSync(file, JSON.stringify({ at: Date.now() }));
  expect(await waited(clock)).toBe(0);
});
