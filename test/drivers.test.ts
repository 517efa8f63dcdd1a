// More than one process on one state: which is the controller, what one without the lease can do, and who may not join.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { loadSettings, openEngine, silentLog } from '@bg/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { type Driver, reached, startDriver, stopBetweenWrites } from './support/drivers.ts';
import { alice, eventually, fastTarget, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

let stage: Stage;
const drivers: Driver[] = [];
const drive = (name: string, config?: string): Driver => {
  const driver = startDriver(stage, name, config);
  drivers.push(driver);
  return driver;
};

afterEach(async () => {
  for (const driver of drivers.splice(0)) {
    driver.signal('SIGCONT');
    await driver.kill('SIGTERM');
  }
  await stage.strike();
});

describe('a controller that was suspended past its lease', () => {
  it('can write nothing when it wakes: neither state nor routing', { timeout: 120_000 }, async () => {
    stage = await setStage({
      target:
        fastTarget.replace('watch: 1s', 'watch: 2s') +
        '        judge: { minRequests: 1, maxErrorRate: 50%, patience: 60s }\n',
    });
    const observer = stage.open('observer');
    const sleeper = drive('sleeper');
    await until(observer, value(observer.deploy({ version: 'v1.0', actor: alice })).id, finished, 60_000);
    const users = startUsers(stage.front, { count: 2, everyMs: 25 });
    const seq = observer.audit.after(0, 1_000).at(-1)?.seq ?? 0;
    const { id } = value(observer.deploy({ version: 'v2.1', actor: alice }));
    await reached(observer, { action: 'step-started', sentence: 'shift-traffic' }, seq);
    await stopBetweenWrites(stage, sleeper);
    const oldFence = fenceOf(stage, observer);
    drive('successor');
    const end = await until(observer, id, finished, 60_000);
    expect(end.outcome?.kind).toBe('promoted');
    const rows = observer.audit.after(0, 10_000).length;

    sleeper.signal('SIGCONT');
    await eventually(() => sleeper.lines.some((line) => /lost the lease|fenced out/.test(line)));
    expect(await lateWrite(stage, oldFence)).toMatchObject({
      status: 409,
      body: expect.stringContaining('fenced-out'),
    });
    expect(observer.status().driver).toContain('successor');
    const later = observer.audit.after(rows, 100).map(({ action }) => action);
    expect(later.filter((action) => action.startsWith('step') || action.startsWith('routing'))).toEqual([]);
    const { lost } = await users.stop();
    expect(lost).toEqual([]);
    expect(observer.audit.verify()).toMatchObject({ intact: true });
  });
});

describe('a process with another configuration', () => {
  it('is refused while a controller runs, and takes over with its own when none does', {
    timeout: 90_000,
  }, async () => {
    stage = await setStage();
    const observer = stage.open('observer');
    const old = drive('old');
    await eventually(() => observer.controllerAlive());
    const changed = join(stage.folder, 'changed.yaml');
    await writeFile(
      changed,
      (await readFile(join(stage.folder, 'bluegreen.yaml'), 'utf8')).replace('bake: 1s', 'bake: 2s'),
    );
    const settings = loadSettings({ file: changed, environment: {} });
    const open = () => openEngine({ settings, log: silentLog, processName: 'changed' });
    expect(open).toThrow(
      expect.objectContaining({ code: 'config-changed', message: expect.stringContaining('old (pid') }),
    );

    await old.kill('SIGTERM');
    drive('new', changed);
    await eventually(() => observer.status().driver?.startsWith('new') ?? false);
    expect(observer.deploy({ version: 'v1.0', actor: alice })).toMatchObject({
      ok: false,
      refusal: { code: 'config-changed' },
    });
    const engine = open();
    const end = await until(engine, value(engine.deploy({ version: 'v1.0', actor: alice })).id, finished, 60_000);
    engine.close();
    expect(end.outcome?.kind).toBe('promoted');
  });
});

describe('two people', () => {
  it('who deploy at the same moment from two processes: one gets the answer that the target is busy', {
    timeout: 60_000,
  }, async () => {
    stage = await setStage();
    const race = promisify(execFile);
    const program = resolve(import.meta.dirname, 'support/race-process.ts');
    const at = String(Date.now() + 4_000);
    const config = join(stage.folder, 'bluegreen.yaml');
    const asked = [
      ['alice', 'v1.0'],
      ['bob', 'v2.1'],
      ['alice', 'v2.0'],
      ['bob', 'v1.0'],
    ].map(([person = '', version = '']) => race(process.execPath, [program, config, person, version, at]));
    const reported = (await Promise.all(asked)).map(({ stdout }) => stdout);
    expect(reported.toSorted()).toEqual(['ok', 'target-busy', 'target-busy', 'target-busy']);
    const rows = stage
      .open('observer')
      .audit.after(0, 100)
      .map(({ action }) => action);
    expect(rows.filter((action) => action === 'deployment-requested')).toHaveLength(1);
    expect(rows.filter((action) => action === 'refused')).toHaveLength(3);
  });
});

describe('a controller that gets a signal to end in the middle of a deployment', () => {
  it('hands it on at once: nothing is turned back, and the next one goes on', async () => {
    stage = await setStage();
    const observer = stage.open('observer');
    await manyFiles(join(stage.folder, 'releases', 'shop', 'v1.0', 'assets'));
    const { id } = value(observer.deploy({ version: 'v1.0', actor: alice }));
    const reader = drive('until it reads the release');
    await eventually(() => observer.controllerAlive());
    await reader.kill('SIGTERM');
    for (const point of ['planned', 'step-started', 'routing-intended']) {
      const driver = drive(`until ${point}`);
      await reached(observer, { action: point, sentence: '' }, 0);
      await driver.kill('SIGTERM');
      expect(observer.controllerAlive()).toBe(false);
    }
    drive('last');
    const end = await until(observer, id, finished, 60_000);
    expect(end.outcome?.kind).toBe('promoted');
    expect(observer.audit.after(0, 1_000).map(({ action }) => action)).not.toContain('turned-back');
    const written = JSON.stringify(observer.audit.after(0, 1_000)) + drivers.flatMap(({ lines }) => lines).join();
    const [token = ''] = previewTokens(stage);
    expect(token).toHaveLength(48);
    expect(written).not.toContain(token);
  });
});

/** Enough that reading them all takes a while. */
async function manyFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let file = 0; file < 8_000; file += 500)
    await Promise.all(Array.from({ length: 500 }, (_, more) => writeFile(join(folder, `${file + more}.txt`), 'asset')));
}

/** Made by the engine itself, stored with its state. */
function previewTokens({ settings }: Stage): readonly string[] {
  const database = new DatabaseSync(join(settings.stateFolder, 'state.sqlite'), { readOnly: true });
  const rows = database.prepare("SELECT value FROM meta WHERE key LIKE 'preview-token%'").all();
  database.close();
  return rows.map(({ value: token }) => String(token));
}

function fenceOf({ settings }: Stage, engine: ReturnType<Stage['open']>): number {
  const row = engine.audit.after(0, 1_000).findLast(({ action }) => action === 'routing-intended');
  if (!row) throw new Error(`no routing was ever written in ${settings.stateFolder}`);
  return Number(row.detail.fence);
}

/** What the sleeper would send if it woke between its decision and the balancer's order. */
function lateWrite({ settings }: Stage, fence: number): Promise<{ status: number; body: string }> {
  const folder = join(settings.stateFolder, 'proxy');
  const socket = readdirSync(folder, { recursive: true })
    .map(String)
    .find((name) => name.endsWith('.sock'));
  if (!socket) throw new Error(`no control socket in ${folder}`);
  const order = JSON.stringify({ routing: { generation: 999, active: 'blue' }, fence });
  return new Promise((done, fail) => {
    const sent = request(
      {
        socketPath: join(folder, socket),
        method: 'PUT',
        path: '/routing',
        headers: { 'content-length': Buffer.byteLength(order) },
      },
      (answer) => {
        let body = '';
        answer.on('data', (chunk) => (body += chunk)).on('end', () => done({ status: answer.statusCode ?? 0, body }));
      },
    );
    sent.on('error', fail);
    sent.end(order);
  });
}
