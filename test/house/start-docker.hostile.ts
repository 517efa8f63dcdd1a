// `npm start -- --docker`: the shop in containers of a real Docker, a deployment under the users of the demonstration, and
// nothing left of it. Without a daemon it says so.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSettings, openEngine, silentLog } from '@bg/engine';
import Docker from 'dockerode';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerForTests } from '../../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import { alice, awaitsApproval, bob, finished, until, value } from '../support/stage.ts';

const { socket, why } = await dockerForTests();
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'bg-sd-'));
const longMs = 180_000;

interface Run {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | string | null>;
}

const running = new Set<Run>();

function start(at: string): Run {
  const words = [join(root, 'tools/run.mjs'), 'start', '--docker', '--folder', folder];
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_HOST: at },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  );
  const run: Run = { child, said: () => text, ended };
  running.add(run);
  void ended.then(() => running.delete(run));
  return run;
}

async function saying(run: Run, desired: RegExp): Promise<void> {
  const over = run.ended.then((code) => `it ended with ${code}`);
  const said = expect.poll(run.said, { timeout: longMs, interval: 100 }).toMatch(desired);
  const why = await Promise.race([said, over]);
  if (typeof why === 'string') expect(run.said(), why).toMatch(desired);
}

afterAll(async () => {
  for (const { child, ended } of running) {
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('npm start -- --docker without a daemon', () => {
  it.each([
    [
      'where no socket is',
      'unix:///nowhere/docker.sock',
      /no Docker daemon answers at unix:\/\/\/nowhere\/docker\.sock/,
    ],
    ['of another machine', 'tcp://192.0.2.1:2376', /needs the Docker daemon of this machine/],
    ['with another way to it', 'ssh://deploy@192.0.2.1', /needs the Docker daemon of this machine/],
  ])('%s says so in one sentence, starts nothing and ends with 1', async (_, address, sentence) => {
    const run = start(address);
    expect(await run.ended).toBe(1);
    expect(run.said()).toMatch(sentence);
    expect(run.said().trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'bluegreen.yaml'))).toBe(false);
  });
});

describe.skipIf(socket === undefined)(`npm start -- --docker${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const docker = new Docker({ socketPath: socket ?? '' });
  const containers = async () =>
    (await docker.listContainers({ all: true })).filter(({ Mounts }) =>
      Mounts.some(({ Source }) => Source.startsWith(folder)),
    );

  it('deploys with an approval, rolls back, loses no request, and Ctrl-C leaves no container', async () => {
    const run = start(`unix://${socket}`);
    await saying(run, /Ctrl-C stops everything/);
    expect(await containers()).toHaveLength(1);
    const settings = loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} });
    const engine = openEngine({ settings, log: silentLog, processName: 'test' });
    try {
      const { id } = value(engine.deploy({ version: 'v2.1', actor: alice, reason: 'a test' }));
      const asking = await until(engine, id, (view) => awaitsApproval(view) || finished(view), longMs);
      expect(asking.outcome).toBeUndefined();
      value(engine.approve({ id }, bob));
      expect((await until(engine, id, finished, longMs)).outcome).toMatchObject({ kind: 'promoted' });
      expect(await containers()).toHaveLength(2);
      const back = value(engine.rollback({ actor: bob, reason: 'a test' })).id;
      expect((await until(engine, back, finished)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    } finally {
      engine.close();
    }
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    const [, users = ''] = /The users in the background: (.*)/.exec(run.said()) ?? [];
    console.log(`npm start -- --docker: ${users}`);
    expect(users).toMatch(/^\d{3,} .*, 0 lost/);
    expect(await containers()).toEqual([]);
  });

  it('comes back with what was live, clears up after it was killed, and does not outlive what started it', async () => {
    const killed = start(`unix://${socket}`);
    await saying(killed, /Bringing back v1\.0/);
    await saying(killed, /Ctrl-C stops everything/);
    const { owner } = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as { owner: { pid: number } };
    process.kill(owner.pid, 'SIGKILL');
    expect(await killed.ended).toBe(137);
    const left = await containers();
    expect(left.length).toBeGreaterThan(0);
    const run = start(`unix://${socket}`);
    await saying(run, /was killed: clearing what it left/);
    await saying(run, /Ctrl-C stops everything/);
    const ids = (await containers()).map(({ Id }) => Id);
    expect(left.filter(({ Id }) => ids.includes(Id))).toEqual([]);
    run.child.kill('SIGKILL');
    await run.ended;
    await expect.poll(containers, { timeout: 60_000, interval: 500 }).toEqual([]);
  });
});
