// Drift on the command line: the status shows what differs and the two ways to resolve it, which are for approvers.

import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(
    '        canary: []\n        bake: 1s\n        approval: { approvers: [alice], fourEyes: false }\n',
  );
  for (const version of ['v1.0', 'v2.0']) expect((await shell.bg('deploy', version)).code).toBe(0);
});
afterAll(() => shell.close());

/** Past the engine, under the fence that holds and the next generation. */
async function sendEverybodyTo(active: string): Promise<void> {
  const folder = join(shell.folder, 'state/proxy');
  const socketPath = join(folder, readdirSync(folder).find((name) => name.endsWith('.sock')) ?? '');
  const ask = (method: string, body = '') =>
    new Promise<{ fence: number; routing: { generation: number } }>((resolve, reject) => {
      request({ socketPath, method, path: '/routing' }, (answer) => json(answer).then((said) => resolve(said as never)))
        .on('error', reject)
        .end(body);
    });
  const { fence, routing } = await ask('GET');
  await ask('PUT', JSON.stringify({ routing: { generation: routing.generation + 1, active }, fence }));
}

const served = async (): Promise<string> =>
  ((await (await fetch(`${shell.front}/health`)).json()) as { version: string }).version;

it('refuses to settle what is no drift', async () => {
  const { code, err } = await shell.bg('routing', 'restore');
  expect([code, err]).toEqual([3, expect.stringContaining('does what was decided')]);
});

it('shows what differs and what can be done, as soon as a controller runs', async () => {
  await sendEverybodyTo('blue');
  const driver = shell.start(['drive']);
  try {
    await expect.poll(async () => (await shell.bg('status')).out).toContain('drift');
  } finally {
    driver.child.kill('SIGTERM');
    await driver.ended;
  }
  const { out } = await shell.bg('status');
  expect(out).toMatch(/drift since .*\n +127\.0\.0\.1:\d+: users go to blue\n +bg routing restore shop\/production/);
});

it('adopts what the load balancer does and moves no users', async () => {
  expect(await served()).toBe('v1.0');
  const { code, out } = await shell.bg('routing', 'adopt');
  expect([code, out]).toEqual([0, expect.stringMatching(/blue +active +v1\.0/)]);
  expect(out).not.toContain('drift');
  expect(await served()).toBe('v1.0');
});

it('restores what was decided if no controller runs', async () => {
  await sendEverybodyTo('green');
  expect(await served()).toBe('v2.0');
  expect((await shell.bg('routing', 'restore')).code).toBe(0);
  expect(await served()).toBe('v1.0');
  expect((await shell.bg('deploy', 'v2.1', '--json')).json()).toMatchObject({ outcome: { kind: 'promoted' } });
});
