// One request followed by its id, through the load balancer's log and the slot's, with real processes.

import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let shell: Shell;
beforeAll(async () => {
  shell = await openShell('        canary: []\n        bake: 1s\n');
  expect((await shell.bg('deploy', 'v1.0')).code).toBe(0);
});
afterAll(() => shell.close());

const ask = (path: string, id?: string) =>
  fetch(`${shell.front}${path}`, { headers: id === undefined ? {} : { 'x-request-id': id } });
const accessLog = (): string => {
  const folder = join(shell.folder, 'state/proxy');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.access.log')) ?? '');
};

/** Lines are written a tenth of a second later. */
async function traced(id: string, lines: number): Promise<readonly { source: string; line: string }[]> {
  for (let looks = 0; looks < 100; looks += 1) {
    const found = (await shell.bg('trace', id, '--json')).json() as { lines: { source: string; line: string }[] };
    if (found.lines.length >= lines) return found.lines;
  }
  throw new Error(`${id} was not found ${lines} times`);
}

it('finds the line of the load balancer and the line of the side that answered', async () => {
  await ask('/api/products?token=not-for-logs', 'order-17.a');
  await ask('/api/products', 'order-17.ab');
  const lines = await traced('order-17.a', 2);
  expect(lines.map(({ source }) => source).sort()).toEqual(['balancer', 'blue']);
  for (const { line } of lines) expect(line).toMatch(/ order-17\.a (blue )?GET \/api\/products 200 [\d.]+$/);
  expect(readFileSync(accessLog(), 'utf8')).not.toContain('not-for-logs');
  const { code, out } = await shell.bg('trace', 'order-17.a');
  expect(code).toBe(0);
  expect(out).toMatch(/^balancer +\d{4}-/m);
});

it('gives a new id to a request whose id is not safe, and none of it reaches a log', async () => {
  await ask('/api/products', 'a"b c');
  await traced('order-17.a', 2);
  expect(readFileSync(accessLog(), 'utf8')).not.toContain('a"b');
});

it('looks through rotated logs too, and puts everything in the order of time', async () => {
  appendFileSync(`${accessLog()}.1`, '2020-01-01T00:00:00.000Z order-17.a green GET /earlier 200 1.0\n');
  appendFileSync(`${join(shell.folder, 'state/logs/shop.production.green.log')}.3`, 'order-17.a without a time\n');
  const lines = await traced('order-17.a', 4);
  expect(lines[0]).toMatchObject({ source: 'balancer', line: expect.stringContaining('/earlier') });
  expect(lines.at(-1)).toMatchObject({ source: 'green', line: 'order-17.a without a time' });
});

it('says so when there is nothing, and takes nothing for an id that is none', async () => {
  const nothing = await shell.bg('trace', 'never-sent');
  expect([nothing.code, nothing.out]).toEqual([1, expect.stringContaining('not found in')]);
  const wrong = await shell.bg('trace', '../../etc/passwd');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('text-invalid')]);
});

it('shows the status of a request that no slot could serve in time', async () => {
  const stopping = await shell.bg('status', 'shop', '--json');
  const [slot] = stopping.json().slots as { pid: number }[];
  process.kill(slot?.pid ?? 0, 'SIGKILL');
  await ask('/api/products', 'order-18');
  const lines = await traced('order-18', 1);
  expect(lines[0]).toMatchObject({
    source: 'balancer',
    line: expect.stringMatching(/ order-18 blue GET \S+ (502|200) /),
  });
});
