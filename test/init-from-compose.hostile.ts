// `bg init --from compose.yaml` up to users: an image in a real registry, the configuration as it was written, a deployment on
// a real Docker.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSettings } from '@bg/engine';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { talkingServer } from '../packages/engine/src/environment/contract-fixture.ts';
import { dockerForTests } from '../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import { startRegistry, type TestRegistry } from '../packages/engine/src/environment/docker/testing/registry.ts';
import { strikeSettings } from './support/stage.ts';

const { socket, why } = await dockerForTests();
const registry = socket === undefined ? undefined : await startRegistry();
const reason = why ?? (registry ? undefined : 'docker-registry is not installed');
const program = resolve(import.meta.dirname, '../apps/cli/src/main.ts');

let folder: string;
let digest: string;

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

function bg(...words: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, text })));
}

describe.skipIf(reason !== undefined)(`bg init --from${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bg-if-'));
    digest = await (registry as TestRegistry).publish(
      new Docker({ socketPath: socket ?? '' }),
      'acme/web',
      talkingServer,
    );
  });
  afterAll(async () => {
    await strikeSettings(loadSettings({ file: join(folder, 'bluegreen.yaml'), environment: {} })).catch(
      () => undefined,
    );
    await registry?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes a valid configuration without the secrets of the file, and its first release goes live', async () => {
    const image = `${registry?.name}/acme/web:1.0@${digest}`;
    writeFileSync(
      join(folder, 'compose.yaml'),
      `services:
  web:
    image: ${image}
    network_mode: host
    environment: { GREETING: hello, API_TOKEN: hush-hush, PORT: "3000" }
    ports: ["8080:3000"]
    healthcheck: { test: [CMD, curl, -f, "http://localhost:3000/health"] , interval: 1s }
    restart: always
    privileged: true
  db: { image: "postgres:17" }
`,
    );
    expect(await bg('init', '--from', 'compose.yaml')).toMatchObject({
      code: 2,
      text: expect.stringContaining('has several services: name one of web, db with --service'),
    });
    const made = await bg('init', '--from', 'compose.yaml', '--service', 'web');
    expect(made, made.text).toMatchObject({ code: 0 });
    expect(made.text).toContain('services.web.privileged: a service has no more rights');
    expect(made.text).toContain('write API_TOKEN into web.env');
    const written = readFileSync(join(folder, 'bluegreen.yaml'), 'utf8');
    expect(`${written}${made.text}`).not.toContain('hush-hush');
    // The Docker of the tests is not where Docker usually is.
    const hosts = `hosts: [{ name: local, address: "unix://${socket}" }]`;
    writeFileSync(join(folder, 'bluegreen.yaml'), written.replace('docker:\n', `docker:\n            ${hosts}\n`));
    writeFileSync(join(folder, 'web.env'), 'API_TOKEN=hush-hush\n', { mode: 0o600 });
    const checked = await bg('config', 'check');
    expect(checked, checked.text).toMatchObject({ code: 0 });
    const deployed = await bg('deploy', '1.0');
    expect(deployed, deployed.text).toMatchObject({ code: 0 });
    const [, port = ''] = /listen: "127\.0\.0\.1:(\d+)"/.exec(written) ?? [];
    const { env } = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { env: Record<string, string> };
    expect(env).toMatchObject({
      GREETING: 'hello',
      API_TOKEN: 'hush-hush',
      APP_VERSION: '1.0',
      PORT: env.APPLICATION_PORT,
    });
  });

  it('never replaces a configuration, and refuses what is no file', async () => {
    expect(await bg('init', '--from', 'compose.yaml', '--service', 'web')).toMatchObject({
      code: 2,
      text: expect.stringContaining('exists already'),
    });
    expect(await bg('--config', 'other.yaml', 'init', '--from', 'nothing.yaml')).toMatchObject({
      code: 2,
      text: expect.stringContaining('there is no file'),
    });
  });
});
