// What is generated for a balancer's program, on the command line: to be read, and tested before anything serves by it.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
let embedded: string;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
  embedded = readFileSync(shell.config, 'utf8');
});
/** As the last test left the configuration: its nginx runs. */
afterAll(() => shell.close());

/** The same target before another program. */
function use(loadBalancer: object): void {
  const keys = JSON.stringify(loadBalancer).slice(1, -1);
  writeFileSync(shell.config, embedded.replace('"driver":"embedded"', keys));
}

it('prints nothing for the embedded balancer, and says so', async () => {
  const { code, out } = await shell.bg('routing', 'config', '--test');
  expect([code, out]).toEqual([0, expect.stringContaining('nothing is generated')]);
});

describe.each(['nginx', 'haproxy'])('%s', (driver) => {
  it('prints what it generates without its secrets, tests it, and starts nothing', async () => {
    use({ driver, healthPath: '/-/healthy' });
    const { code, out } = await shell.bg('routing', 'config', '--test');
    expect([code, out]).toEqual([0, expect.stringContaining(`✓ ${driver} takes it`)]);
    expect(out).toContain('not written yet');
    expect(out).toContain('/-/healthy');
    expect(out).toContain(driver === 'nginx' ? 'proxy_pass' : 'use_backend');
    const secrets = join(shell.folder, 'state', driver, 'shop.production', driver === 'nginx' ? 'probe' : 'nonce');
    expect(out).not.toContain(readFileSync(secrets, 'utf8').trim());
    await expect(fetch(shell.front)).rejects.toThrow();
  });

  it('says what the program refuses, and ends with 5', async () => {
    const key = driver === 'nginx' ? { key: '/nowhere.key' } : {};
    use({ driver, [driver]: { tls: { listen: '127.0.0.1:1', certificate: '/nowhere.pem', ...key } } });
    const { code, out } = await shell.bg('routing', 'config', '--test', '--json');
    expect([code, out]).toEqual([5, expect.stringContaining('nowhere.pem')]);
    expect(JSON.parse(out)).toMatchObject({ driver, test: { passed: false } });
  });
});

it('says where a file was changed by hand', async () => {
  use({ driver: 'nginx' });
  expect((await shell.bg('deploy', 'v1.0')).code).toBe(0);
  expect((await shell.bg('routing', 'config')).out).toContain('as it is on the disk');
  const file = join(shell.folder, 'state/nginx/shop.production/nginx.conf');
  expect(existsSync(file)).toBe(true);
  appendFileSync(file, 'garbage');
  expect((await shell.bg('routing', 'config')).out).toContain('the file on the disk differs');
});
