import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { ask, talkingServer } from '../contract-fixture.ts';
import { tailLog } from '../tail.ts';
import { rotateIfTooLarge } from './log-rotation.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

it('a log that is too large is kept beside, three of them at most, and the newest is .1', async () => {
  const log = join(fixture.folder, 'a.log');
  for (const content of ['first', 'second', 'third', 'fourth', 'fifth']) {
    writeFileSync(log, content.padEnd(100, '.'));
    expect(await rotateIfTooLarge(log, 50)).toBe(true);
  }
  const kept = [1, 2, 3].map((age) => readFileSync(`${log}.${age}`, 'utf8').replaceAll('.', ''));
  expect(kept).toEqual(['fifth', 'fourth', 'third']);
  expect(() => readFileSync(`${log}.4`)).toThrow('ENOENT');
  expect(readFileSync(log, 'utf8')).toBe('');
  expect(await rotateIfTooLarge(log, 50)).toBe(false);
});

it('a service goes on writing into its rotated log, and a follower misses no line and sees none twice', async () => {
  const { environment, blue, release, settings } = fixture;
  const counting = `${talkingServer} let n = 0; setInterval(() => console.log('line', ++n, 'x'.repeat(400)), 2);`;
  await environment.start(blue, release('v1', counting), settings);
  await ask(blue);
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    for await (const line of tailLog(environment.logFile(blue), {
      lines: 100_000,
      follow: true,
      signal: stop.signal,
    })) {
      const number = /^line (\d+) x{400}$/.exec(line)?.[1];
      if (number) seen.push(Number(number));
    }
  })();
  for (let rotation = 0; rotation < 3; rotation++) {
    await systemClock.sleep(700);
    await environment.sweep([blue], 1_000);
  }
  await systemClock.sleep(1_000);
  await environment.stop(blue, 20_000);
  await systemClock.sleep(700);
  stop.abort();
  await following;
  expect(readFileSync(`${environment.logFile(blue)}.3`, 'utf8')).toContain('--- starting v1');
  expect(seen.length).toBeGreaterThan(100);
  // Copy and truncate may lose what is written in one instant: at most a line per rotation, never doubled, never out of order.
  expect(seen.at(-1)! - seen.length).toBeLessThanOrEqual(3);
  expect(seen.every((line, index) => index === 0 || line > seen[index - 1]!)).toBe(true);
});
