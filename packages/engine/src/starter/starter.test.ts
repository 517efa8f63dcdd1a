// What `bg init` finds out about a service and writes down. Services are real processes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { checkConfig } from '../compose/configuration.ts';
import { identify } from '../environment/proc-fs.ts';
import { healthFinding } from './health-finding.ts';
import { starterConfig } from './starter-config.ts';
import { tryService, usualPaths } from './trial.ts';

vi.setConfig({ testTimeout: 90_000 });

const folder = mkdtempSync(join(tmpdir(), 'bg-starter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const expected = { slot: 'blue', version: 'v1' };
const finding = (body: unknown) =>
  healthFinding({
    path: '/health',
    status: 200,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    expected,
  });

describe('what an answer says', () => {
  it.each([
    [
      'the own format',
      { status: 'healthy', version: 'v1', environment: 'blue', database_connected: true },
      'release',
      {},
    ],
    [
      'Spring with its build',
      { status: 'UP', info: { version: 'v1' } },
      'release',
      { fields: { status: 'status', version: 'info.version', okValues: ['UP'] } },
    ],
    [
      'another version than was started',
      { status: 'ok', version: 'dev' },
      'answer',
      { fields: { status: 'status', okValues: ['ok'] } },
    ],
    [
      'a database that is away: not asked for',
      { status: 'ok', version: 'v1', database_connected: false },
      'release',
      { fields: { status: 'status', version: 'version', okValues: ['ok'] } },
    ],
    ['a bare word', 'OK', 'answer', { check: 'status-code' }],
    ['a list', [1], 'answer', { check: 'status-code' }],
    ['null', 'null', 'answer', { check: 'status-code' }],
    ['a page', '<html>', 'answer', { check: 'status-code' }],
  ])('%s', (_, body, proves, settings) => {
    expect(finding(body)).toEqual({ path: '/health', proves, settings });
  });
});

describe('a trial', () => {
  const service = (name: string, text: string): readonly [string, ...string[]] => {
    writeFileSync(join(folder, name), text);
    return [process.execPath, name];
  };
  const attempt = (command: readonly [string, ...string[]], limitMs = 20_000) =>
    tryService({ command, folder, paths: usualPaths, limitMs, signal: new AbortController().signal });
  const serving = (port: string) => `
    require('node:http').createServer((request, response) => {
      if (request.url !== '/healthz') { response.writeHead(404); return response.end(); }
      response.end(JSON.stringify({ state: 'fine', version: process.env.APP_VERSION }));
    }).listen(${port}, '127.0.0.1');`;

  it('finds the path, the format and the variable of the port', async () => {
    expect(await attempt(service('own.cjs', serving('process.env.APPLICATION_PORT')))).toMatchObject({
      ok: true,
      portVariable: 'APPLICATION_PORT',
      health: { path: '/healthz', proves: 'release', settings: { fields: { status: 'state', okValues: ['fine'] } } },
    });
  });

  it('finds a service that listens where PORT says', async () => {
    const result = await attempt(
      service('port.cjs', `if (!process.env.PORT) process.exit(1); ${serving('process.env.PORT')}`),
    );
    expect(result).toMatchObject({ ok: true, portVariable: 'PORT' });
  });

  it('says why a service ended, with its last lines', async () => {
    const result = await attempt(service('broken.cjs', "console.error('no such database'); process.exit(3);"));
    expect(result).toEqual({ ok: false, problem: expect.stringContaining('no such database') });
  });

  it('ends a service that never answers, with all that it started', async () => {
    const pidFile = join(folder, 'pid');
    const text = `const { pid } = require('node:child_process').spawn('sleep', ['300']);
      require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(pid)); setInterval(() => {}, 1000);`;
    const result = await attempt(service('silent.cjs', text), 2_000);
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('/health: no answer') });
    const started = Number(readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(identify(started)).toBeUndefined(), { timeout: 20_000, interval: 50 });
  });

  it('says that there is no such program', async () => {
    expect(await attempt(['/no/such/program'])).toEqual({
      ok: false,
      problem: expect.stringContaining('/no/such/program'),
    });
  });
});

describe('the configuration', () => {
  it.each([undefined, finding('OK'), finding({ status: 'UP', version: 'v1' })])('is valid (%j)', (health) => {
    const text = starterConfig({
      service: 'shop',
      command: ['/usr/bin/node', 'a "quoted" \\ name: # $x.mjs'],
      releases: 'releases/shop',
      state: '.bluegreen/state',
      ports: { blue: 8001, green: 8002, front: 8080 },
      loadBalancer: 'embedded',
      person: { id: 'alice', osUser: 'alice' },
      portVariable: 'PORT',
      health,
    });
    const { settings, problems } = checkConfig({ text, file: join(folder, 'bluegreen.yaml'), environment: {} });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(settings?.targets[0]?.command).toEqual(['/usr/bin/node', 'a "quoted" \\ name: # $x.mjs']);
  });
});
