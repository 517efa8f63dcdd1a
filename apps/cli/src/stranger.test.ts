// The first minutes of a person who has never seen this: an empty folder, a small program with a health format of its own,
// `bg init`, two deployments and the way back. Only real `bg` processes.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { removeFolder } from '../../../packages/engine/src/lib/remove-folder.ts';
import { strikeSettings } from '../../../test/support/stage.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const app = `
const { createServer } = require('node:http');
const { PORT, APP_VERSION } = process.env;
const server = createServer(({ url }, response) => {
  if (url === '/healthz') return response.end(JSON.stringify({ state: 'fine', app: { version: APP_VERSION }, version: APP_VERSION }));
  response.end('hello from ' + APP_VERSION);
});
server.listen(PORT, '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

let folder = '';
let ports: readonly number[] = [];
const main = join(import.meta.dirname, 'main.ts');
const cache = join(import.meta.dirname, '../../../tools/compile-cache.mjs');

function bg(...words: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ['--import', cache, main, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

async function greeting(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${ports[2]}/`, { signal: AbortSignal.timeout(10_000) })).text();
}

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bg-new-')));
  ports = await freePorts(3);
  writeFileSync(join(folder, 'app.cjs'), app);
});
afterAll(async () => {
  await strikeSettings(loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} }));
  await removeFolder(folder);
});

describe('a person in a folder with a program', () => {
  it('gets a configuration that fits the program', async () => {
    const { code, text } = await bg(
      'init',
      '--service',
      'greeter',
      '--front',
      String(ports[2]),
      '--',
      process.execPath,
      'app.cjs',
    );
    expect(code, text).toBe(0);
    expect(text).toContain('it answers at /healthz, and names the version that runs');
    expect(text).toContain('Next: bg deploy v1');
    const config = readFileSync(join(folder, 'bluegreen.yaml'), 'utf8');
    expect(config).toContain('env: { PORT: "$' + '{APPLICATION_PORT}" }');
    expect(config).toContain(userInfo().username);
    writeFileSync(join(folder, 'bluegreen.yaml'), config.replace('bake: 30s', 'bake: 1s'));
    expect(await bg('config', 'check')).toMatchObject({ code: 0 });
  });

  it('is not given another one in its place', async () => {
    const { code, text } = await bg('init', '--', process.execPath, 'app.cjs');
    expect(code).toBe(2);
    expect(text).toContain('init never replaces a configuration');
  });

  it('deploys twice and goes back', async () => {
    const first = await bg('deploy', 'v1');
    expect(first.code, first.text).toBe(0);
    expect(await greeting()).toBe('hello from v1');
    const releases = join(folder, 'releases', 'greeter');
    cpSync(join(releases, 'v1'), join(releases, 'v2'), { recursive: true });
    writeFileSync(join(releases, 'v2', 'news.txt'), 'new');
    const second = await bg('deploy', 'v2');
    expect(second.code, second.text).toBe(0);
    expect(await greeting()).toBe('hello from v2');
    const back = await bg('rollback', '--reason', 'a test');
    expect(back.code, back.text).toBe(0);
    expect(await greeting()).toBe('hello from v1');
  });
});

describe('what cannot be understood', () => {
  it.each([
    [['init', '--config', 'other.yaml'], 'The command that starts the service is missing'],
    [['init', '--config', 'other.yaml', '--service', 'Shop!', '--', 'true'], '--service: Shop! is no name'],
    [['init', '--config', 'other.yaml', '--health', 'health', '--', 'true'], '--health: health is no path'],
    [['init', '--config', 'other.yaml', '--port', '99999', '--', 'true'], '--port: 99999 is no port'],
    [
      ['init', '--config', 'other.yaml', '--load-balancer', 'apache', '--', 'true'],
      'expected embedded, haproxy, nginx',
    ],
    [['init', '--config', 'other.yaml', '--from', 'nowhere', '--', 'true'], 'there is no folder'],
    [['init', '--config', 'other.yaml', '--service', 'fails', '--', '/bin/false'], 'The service did not answer'],
  ])('%j', async (words, sentence) => {
    const { code, text } = await bg(...words);
    expect(text).toContain(sentence);
    expect(code).toBe(2);
  });
});
