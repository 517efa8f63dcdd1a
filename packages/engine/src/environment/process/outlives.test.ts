// The engine dies, the services live on; the next engine finds what a dead engine left, whatever it was doing.

import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { ask, logFileIn, talkingServer } from '../contract-fixture.ts';
import { currentBootId, identify } from '../proc-fs.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';
import { recordFile, writeRecord } from './record.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

interface Elsewhere {
  readonly started: Promise<void>;
  readonly exited: Promise<unknown>;
  readonly kill: () => Promise<void>;
}

/** Kills the engine at the instant in which the service exists but has no complete record yet. */
const killedAtSpawn = `
import { ChildProcess } from 'node:child_process';
const { spawn } = ChildProcess.prototype;
ChildProcess.prototype.spawn = function (...options) {
  const result = spawn.apply(this, options);
  if (options[0].args.includes('server.mjs')) process.kill(process.pid, 'SIGKILL');
  return result;
};
`;

/** A second engine in a separate process, which starts a release and then waits to be killed. */
function startElsewhere(version: string, before = '', source?: string): Elsewhere {
  const { folder, stateFolder, blue, settings } = fixture;
  const script = join(folder, 'engine.mjs');
  const from = (file: string): string => JSON.stringify(join(import.meta.dirname, file));
  writeFileSync(
    script,
    `import { createProcessEnvironment } from ${from('driver.ts')};
import { systemClock } from ${from('../../lib/clock.ts')};
import { silentLog } from ${from('../../lib/log.ts')};
${before}
const [stateFolder, place, release, settings] = JSON.parse(process.argv[2]);
setTimeout(() => process.exit(1), 120_000);
const environment = createProcessEnvironment({ stateFolder, clock: systemClock, log: silentLog });
await environment.start(place, release, settings);
console.log('started');
`,
  );
  const argument = JSON.stringify([stateFolder, blue, fixture.release(version, source), settings]);
  const engine = spawn(process.execPath, [script, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => engine.once('exit', resolve));
  const started = new Promise<void>((resolve, reject) => {
    engine.stdout.once('data', () => resolve());
    engine.once('exit', () => reject(new Error('the other engine ended before it had started the release')));
  });
  started.catch(() => undefined);
  return {
    started,
    exited,
    kill: async () => {
      engine.kill('SIGKILL');
      await exited;
    },
  };
}

describe('a service outlives the engine that started it', () => {
  it('goes on serving when the engine is killed, is recognised by the next one and can be stopped by it', async () => {
    const { another, blue, marked } = fixture;
    const engine = startElsewhere('v1');
    await engine.started;
    const before = await ask(blue);
    await engine.kill();
    expect((await ask(blue)).pid).toBe(before.pid);
    expect(await another().inspect(blue)).toMatchObject({ kind: 'running', pid: before.pid, version: 'v1' });
    await another().stop(blue, 20_000);
    expect(marked()).toEqual([]);
  });

  it('and so does the writer of its log, which goes on to bound it', async () => {
    const { environment, blue, settings } = fixture;
    const engine = startElsewhere(
      'v1',
      '',
      `${talkingServer} setInterval(() => process.stdout.write('x'.repeat(60_000) + '\\n'), 1);`,
    );
    await engine.started;
    await engine.kill();
    const sizes = (): readonly number[] =>
      ['', '.1', '.2', '.3'].map(
        (age) => statSync(`${logFileIn(environment, blue)}${age}`, { throwIfNoEntry: false })?.size ?? 0,
      );
    await expect.poll(() => sizes()[3], { timeout: 30_000 }).toBeGreaterThan(0);
    expect(sizes().reduce((sum, size) => sum + size)).toBeLessThanOrEqual(settings.maxLogBytes);
    expect((await ask(blue)).env.APP_VERSION).toBe('v1');
  });

  it('that ends while the next engine still looks at it is started again, and is no fault of the release', async () => {
    const { another, blue, marked, release, settings } = fixture;
    const { pid = 0 } = await another().start(blue, release('v1'), settings);
    const starting = another().start(blue, release('v1'), { ...settings, settleMs: 10_000 });
    await delay(300);
    process.kill(pid, 'SIGKILL');
    const again = await starting;
    expect(again.pid).not.toBe(pid);
    expect(marked()).toEqual([again.pid]);
    expect((await ask(blue)).pid).toBe(again.pid);
  });

  it('leaves one process or none, never two, at whatever moment the engine is killed', async () => {
    const { another, blue, marked, release, settings } = fixture;
    const moments: Record<string, number> = {};
    for (const killAfterMs of [0, 150, 220, 260, 290, 320, 350, 380, 420, 480, 560, 700]) {
      const engine = startElsewhere('v1');
      await delay(killAfterMs);
      await engine.kill();
      const left = marked().length;
      moments[left === 0 ? 'none' : 'one'] = (moments[left === 0 ? 'none' : 'one'] ?? 0) + 1;
      const next = another();
      const found = await next.start(blue, release('v1'), settings);
      const { pid } = await ask(blue);
      expect(found.pid).toBe(pid);
      expect(marked()).toEqual([pid]);
      await next.stop(blue, 20_000);
      expect(marked()).toEqual([]);
    }
    console.log('left by a killed engine:', moments);
  });

  it('finds the process of an engine that was killed between spawning it and noting it', async () => {
    const { another, blue, marked, release, settings, stateFolder } = fixture;
    await startElsewhere('v1', killedAtSpawn).exited;
    const [pid, ...others] = marked();
    expect(others).toEqual([]);
    expect(await another().inspect(blue)).toMatchObject({ kind: 'running', pid, version: 'v1' });
    expect((await another().start(blue, release('v1'), settings)).pid).toBe(pid);
    expect(JSON.parse(readFileSync(recordFile({ stateFolder, place: blue }), 'utf8')).state).toBe('running');
    expect(await another().sweep([blue], 1_000_000)).toEqual([]);
  });

  it('sees an unfinished start without a process as stopped, and starts', async () => {
    const { environment, blue, release, settings, stateFolder } = fixture;
    const common = { launch: 'lost.launch', version: 'v1', digest: 'd', port: blue.port, adopted: false, envFiles: [] };
    writeRecord({ stateFolder, place: blue }, { state: 'starting', bootId: currentBootId(), startedAt: 1, ...common });
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped' });
    expect(await environment.start(blue, release('v1'), settings)).toMatchObject({ kind: 'running' });
  });
});

describe('a pid without further proof is not believed', () => {
  async function foreignProcess(): Promise<{ readonly pid: number; readonly end: () => void }> {
    const options = {
      cwd: fixture.folder,
      env: { PATH: '/usr/bin:/bin' },
      logFile: join(fixture.folder, 'foreign.txt'),
    };
    const { pid } = await spawnDetached({ argv: ['sleep', '60'], ...options });
    return { pid, end: () => process.kill(pid, 'SIGKILL') };
  }

  const running = {
    state: 'running',
    launch: 'x.y',
    version: 'v1',
    digest: 'd',
    startedAt: 1,
    adopted: false,
    envFiles: [],
  } as const;

  it.each([
    ['started at another time', (now: object) => ({ ...now, startTicks: 1 })],
    ['of an earlier run of the machine', (now: object) => ({ ...now, bootId: 'before-the-power-cut' })],
  ])('takes a process %s for stopped, and does not signal it', async (_, change) => {
    const { environment, blue, release, settings, stateFolder } = fixture;
    const foreign = await foreignProcess();
    try {
      const now = identify(foreign.pid)!;
      const record = { ...running, port: blue.port, process: { ...now, ...change(now) } };
      writeRecord({ stateFolder, place: blue }, record);
      expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped' });
      await environment.stop(blue, 0);
      await environment.start(blue, release('v2'), settings);
      expect(identify(foreign.pid)).toEqual(now);
    } finally {
      foreign.end();
    }
  });

  it('says that the machine was restarted when that is why the service is gone', async () => {
    const { environment, blue, stateFolder } = fixture;
    const record = { ...running, port: blue.port, process: { pid: process.pid, startTicks: 5, bootId: 'earlier' } };
    writeRecord({ stateFolder, place: blue }, record);
    expect(await environment.inspect(blue)).toMatchObject({
      kind: 'stopped',
      lastExit: 'the machine was restarted',
      endedBy: 'machine',
    });
  });

  it('renames a slot file that cannot be parsed, and takes the slot for stopped', async () => {
    const { environment, blue, release, settings, stateFolder } = fixture;
    await environment.start(blue, release('v1'), settings);
    await environment.stop(blue, 20_000);
    const file = recordFile({ stateFolder, place: blue });
    writeFileSync(file, '{"state":"run');
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped' });
    expect(readFileSync(`${file}.corrupt`, 'utf8')).toBe('{"state":"run');
  });
});
