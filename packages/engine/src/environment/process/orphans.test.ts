import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { ask } from '../contract-fixture.ts';
import { folderMark, newLaunch } from '../launch-mark.ts';
import { makeProcessFixture, type ProcessFixture } from './process-fixture.ts';

let fixture: ProcessFixture;
beforeEach(async () => {
  fixture = await makeProcessFixture();
});
afterEach(() => fixture.close());

const anHourAgo = (): Date => new Date(Date.now() - 3_600_000);

describe('a sweep', () => {
  it('ends a process of ours that no slot owns, and leaves those that a slot owns', async () => {
    const { environment, blue, green, folder, release, settings, marked, stateFolder } = fixture;
    const owned = await environment.start(blue, release('v1'), settings);
    const launch = newLaunch(folderMark(stateFolder));
    const env = { ...settings.env, APPLICATION_PORT: String(green.port), BLUEGREEN_LAUNCH: launch };
    const logFile = join(folder, 'orphan.txt');
    const orphan = await spawnDetached({ argv: ['node', 'server.mjs'], cwd: release('v2').folder, env, logFile });
    const cleared = await environment.sweep([blue], 1_000_000);
    expect(cleared).toEqual([{ kind: 'process', what: `pid ${orphan.pid} (node)` }]);
    expect(marked()).toEqual([owned.pid]);
    expect(await environment.sweep([blue], 1_000_000)).toEqual([]);
  });

  it('does not end a process that serves on a slot whose file was lost: it may have users', async () => {
    const { environment, blue, release, settings, stateFolder } = fixture;
    const started = await environment.start(blue, release('v1'), settings);
    await ask(blue);
    rmSync(join(stateFolder, 'slots'), { recursive: true });
    expect(await environment.sweep([blue], 1_000_000)).toEqual([]);
    expect((await ask(blue)).pid).toBe(started.pid);
  });

  it('does not end a slot that is no longer configured: a person must stop it', async () => {
    const { environment, blue, release, settings } = fixture;
    const started = await environment.start(blue, release('v1'), settings);
    expect(await environment.sweep([], 1_000_000)).toEqual([]);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', pid: started.pid });
  });

  it("does not end another state folder's processes", async () => {
    const { environment, blue, release, settings } = fixture;
    const neighbour = await makeProcessFixture();
    try {
      const started = await neighbour.environment.start(neighbour.blue, neighbour.release('v1'), neighbour.settings);
      await environment.start(blue, release('v1'), settings);
      expect(await environment.sweep([blue], 1_000_000)).toEqual([]);
      expect(await neighbour.environment.inspect(neighbour.blue)).toMatchObject({ kind: 'running', pid: started.pid });
    } finally {
      await neighbour.close();
    }
  });

  it('removes half-written files, but none that may just be written and none of a release', async () => {
    const { environment, stateFolder } = fixture;
    const [old, young, lookalike, ofRelease] = [
      join(stateFolder, 'slots/shop/production/blue.json.0a1b2c3d.tmp'),
      join(stateFolder, 'state.json.0a1b2c3d.tmp'),
      join(stateFolder, 'notes.tmp'),
      join(stateFolder, 'releases/shop/page.0a1b2c3d.tmp'),
    ];
    for (const folder of ['slots/shop/production', 'releases/shop'])
      mkdirSync(join(stateFolder, folder), { recursive: true });
    for (const file of [old, young, lookalike, ofRelease]) writeFileSync(file, 'half');
    for (const file of [old, lookalike, ofRelease]) utimesSync(file, anHourAgo(), anHourAgo());
    expect(await environment.sweep([], 1_000_000)).toEqual([{ kind: 'file', what: old }]);
    expect([old, young, lookalike, ofRelease].map((file) => existsSync(file))).toEqual([false, true, true, true]);
  });

  it('removes sockets without a listener, and no other', async () => {
    const { environment, stateFolder, folder, settings } = fixture;
    const [dead, alive] = [join(stateFolder, 'dead.sock'), join(stateFolder, 'alive.sock')];
    const server = createServer().listen(alive);
    // Only a process that dies leaves its socket file behind.
    const script = `require('node:net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`;
    const argv = ['node', '-e', script] as const;
    await (await spawnDetached({ argv, cwd: folder, env: settings.env, logFile: join(folder, 'dead.txt') })).exited;
    try {
      for (const path of [dead, alive]) utimesSync(path, anHourAgo(), anHourAgo());
      expect(await environment.sweep([], 1_000_000)).toEqual([{ kind: 'socket', what: dead }]);
      expect([dead, alive].map((path) => existsSync(path))).toEqual([false, true]);
    } finally {
      server.close();
    }
  });
});
