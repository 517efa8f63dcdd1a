// The wall clock of a whole engine process is set by an hour, both ways, while it watches a canary (libfaketime).

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { reached } from './support/drivers.ts';
import { alice, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const program = resolve(import.meta.dirname, 'support/driver-process.ts');
const hour = 3_600;

let stage: Stage;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await stage.strike();
});

const target = `
        canary: [{ percent: 50, watch: 8s }]
        judge: { minRequests: 3, maxErrorRate: 5% }
        bake: 3s
`;

interface Faked {
  readonly child: ChildProcess;
  /** The wall clock of the process, in seconds from the real one; its monotonic clock stays as it is. */
  jump(seconds: number): void;
}

function driveFaked({ folder }: Stage): Faked {
  const clock = join(folder, 'clock');
  const jump = (seconds: number): void => {
    writeFileSync(`${clock}.new`, `${seconds >= 0 ? '+' : ''}${seconds}\n`);
    renameSync(`${clock}.new`, clock);
  };
  jump(0);
  const child = spawn(process.execPath, [program, join(folder, 'bluegreen.yaml'), 'faked'], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  const gone = new Promise((done) => child.once('exit', done));
  ends.push(() => {
    child.kill('SIGTERM');
    return gone;
  });
  return { child, jump };
}

describe.skipIf(!existsSync(library))('a driver whose clock is set (needs libfaketime)', () => {
  it.each([
    ['forward', hour],
    ['back', -hour],
  ] as const)(
    '%s by an hour in a canary: errors end it, the lease stays, the jump is announced',
    async (way, seconds) => {
      stage = await setStage({ target });
      const faked = driveFaked(stage);
      const observer = stage.open('observer');
      await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 90_000);
      const { driver } = observer.status();
      const seq = observer.audit.after(0, 10_000).at(-1)?.seq ?? 0;
      const { id } = value(observer.deploy({ version: 'v2.4-errors', actor: alice }));
      await reached(observer, { action: 'step-started', sentence: 'watch' }, seq);
      faked.jump(seconds);
      await reached(
        observer,
        { action: 'clock-jumped', sentence: `the clock of this machine jumped ${way} by 60 min` },
        seq,
      );
      const users = startUsers(stage.front, { count: 2, everyMs: 25 });
      const { outcome } = await until(observer, id, finished, 60_000);
      await users.stop();
      expect(outcome).toMatchObject({ kind: 'failed', code: 'canary-failed' });
      expect(observer.status().driver).toBe(driver);
      expect(observer.audit.verify()).toMatchObject({ intact: true });
    },
  );
});
