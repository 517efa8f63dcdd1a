// Two gigabytes of output without an engine, while the writer's processes are killed in turn: `npm run test:hostile`.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { ask, talkingServer } from '../contract-fixture.ts';
import { lastLines } from '../tail.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const limitBytes = 20 << 20;
const lines = 500_000;
const flood = `${talkingServer}
const text = 'x'.repeat(4_090);
let n = 0;
const flood = () => {
  for (let i = 0; i < 50 && n < ${lines}; i++) console.log('line', ++n, text);
  if (n < ${lines}) setImmediate(flood);
  else console.log('all', n);
};
flood();`;

/** The writer and its successor, which lead their own sessions; a subshell of the writer looks alike and leads none. */
function writers(log: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`log-writer.sh\0${log}`)) return false;
      const [, session] = /\) \S+ \d+ \d+ (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return Number(session) === pid;
    } catch {
      return false;
    }
  });
}

it('two gigabytes stay below the limit, and the service goes on', { timeout: 300_000 }, async () => {
  const { environment, blue, release, settings } = fixture;
  const log = environment.logFile(blue);
  const started = Date.now();
  const { pid } = await environment.start(blue, release('v1', flood), { ...settings, maxLogBytes: limitBytes });
  let [most, looks, kills] = [0, 0, 0];
  const look = (): string | undefined => {
    const sizes = ['', '.1', '.2', '.3'].map((age) => statSync(`${log}${age}`, { throwIfNoEntry: false })?.size ?? 0);
    most = Math.max(
      most,
      sizes.reduce((sum, size) => sum + size),
    );
    const pair = writers(log);
    if (looks++ % 20 === 0 && pair.length === 2) {
      process.kill(Math.min(...pair), 'SIGKILL');
      kills++;
    }
    const last = lastLines(log, 1)[0];
    // Node's own last line: a service that died is shown with its reason, and not waited for.
    if (last?.startsWith('Node.js v')) throw new Error(`the service died:\n${lastLines(log, 12).join('\n')}`);
    return last;
  };
  const end = Date.now() + 240_000;
  while (look() !== `all ${lines}` && Date.now() < end) await systemClock.sleep(100);
  expect(lastLines(log, 1)).toEqual([`all ${lines}`]);
  expect(most).toBeLessThanOrEqual(limitBytes);
  expect((await ask(blue)).pid).toBe(pid);
  console.log(
    `${lines} lines of 4 KB in ${(Date.now() - started) / 1000} s, at most ${most} bytes kept, ${kills} writers killed`,
  );
});
