// The bundle of a bug report: secrets are planted in every place that it reads, and searched in all of it.

import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const planted = ['Pl4nted-of-env', 'Pl4nted-of-file', 'Pl4nted-in-log', 'Pl4nted-in-url', 'Pl4nted-in-header'];
let shell: Shell;
beforeAll(async () => {
  shell = await openShell(`        canary: []
        bake: 1s
        env: { API_TOKEN: ${planted[0]} }
        envFiles: [ secrets.env ]
`);
  writeFileSync(
    join(shell.folder, 'secrets.env'),
    `DATABASE_URL=postgres://bob:${planted[3]}@db/shop\nOTHER=${planted[1]}\n`,
  );
  await shell.bg('deploy', 'v1.0', '--reason', `for postgres://bob:${planted[3]}@db`);
  const folder = join(shell.folder, 'state');
  const log = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.log'));
  appendFileSync(
    join(folder, log ?? 'none.log'),
    `password=${planted[2]}\nAuthorization: Bearer ${planted[4]}\nconnected as ${planted[1]}\nit is well\n`,
  );
});
afterAll(() => shell.close());

function bundleIn(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function expectClean(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files))
    for (const secret of planted) expect(text, `${name} has ${secret}`).not.toContain(secret);
}

it('holds versions, state, balancer, both sides, logs and the last rows, and no secret', async () => {
  const folder = join(shell.folder, 'report');
  const { code, out } = await shell.bg('diagnose', '--out', folder, '--json');
  expect(code).toBe(0);
  const files = bundleIn(folder);
  expectClean(files);
  expect(JSON.parse(out)).toMatchObject({ folder, missing: [] });
  const names = ['machine.json', 'configuration.yaml', 'status.json', 'state.json', 'audit.json', 'README.txt'];
  for (const name of [...names, 'sides-shop-production.json', 'history-shop-production.json'])
    expect(Object.keys(files)).toContain(name);
  expect(JSON.parse(files['state.json'] ?? '')).toMatchObject({ opened: true, audit: { intact: true } });
  expect(JSON.parse(files['machine.json'] ?? '')).toMatchObject({
    node: process.version,
    processors: expect.any(Number),
  });
  expect(files['audit.json']).toContain('deployment-finished');
  expect(Object.values(files).join('\n')).toContain('it is well');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const again = await shell.bg('diagnose', '--out', folder);
  expect([again.code, again.err.includes('exists already')]).toEqual([2, true]);
});

it('is made with a damaged configuration too', async () => {
  const broken = join(shell.folder, 'broken.yaml');
  writeFileSync(broken, `${readFileSync(shell.config, 'utf8')}\nservices: [ {\n`);
  const folder = join(shell.folder, 'damaged');
  const { code } = await shell.bg('diagnose', '--config', broken, '--out', folder);
  expect(code).toBe(0);
  const files = bundleIn(folder);
  expectClean(files);
  expect(JSON.parse(files['configuration-check.json'] ?? '')).not.toEqual([]);
  expect(files['README.txt']).toContain('status.json: the configuration has an error');
});

it('is made where the state cannot be read too', async () => {
  const folder = join(shell.folder, 'unreadable');
  const elsewhere = join(shell.folder, 'other');
  mkdirSync(elsewhere);
  writeFileSync(
    join(elsewhere, 'state.sqlite'),
    'this is no database, and is longer than a header of one would be '.repeat(20),
  );
  const config = join(shell.folder, 'other.yaml');
  writeFileSync(config, readFileSync(shell.config, 'utf8').replace(/^state: .*$/m, `state: ${elsewhere}`));
  const { code, out } = await shell.bg('diagnose', '--config', config, '--out', folder);
  expect(code).toBe(0);
  expect(out).toContain('without state.json');
  expectClean(bundleIn(folder));
});

it('is made while another process holds the state too', async () => {
  const folder = join(shell.folder, 'locked');
  const holder = new DatabaseSync(join(shell.folder, 'state', 'state.sqlite'));
  try {
    holder.exec('BEGIN IMMEDIATE');
    const { code } = await shell.bg('diagnose', '--out', folder);
    expect(code).toBe(0);
    const files = bundleIn(folder);
    expectClean(files);
    for (const name of ['machine.json', 'configuration.yaml', 'state-folder.json'])
      expect(Object.keys(files)).toContain(name);
    expect(files['README.txt']).toContain('state.json: ');
  } finally {
    holder.close();
  }
});
