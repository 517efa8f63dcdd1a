// Several demonstrations that choose their ports at the same moment, and listen later.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { claimFreePorts, claimPort } from '@bg/engine/ports';
import { expect, it } from 'vitest';
import { anyPorts, choosePorts, type Ports, portsThatGaveWay } from './ports.ts';

const module = join(import.meta.dirname, 'ports.ts');
/** Chooses at once, and lives until its input ends. */
const program = `import { choosePorts } from ${JSON.stringify(module)};
console.log(JSON.stringify(await choosePorts(JSON.parse(process.argv[1]))));
process.stdin.resume().on('end', () => process.exit(0));`;

async function chooseInProcess(requested: Ports): Promise<{ readonly ports: Ports; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(requested)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes) => resolve(String(bytes)));
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  return {
    ports: JSON.parse(line),
    end: async () => {
      child.stdin.end();
      await gone;
    },
  };
}

it('no two processes get the same port, and one of them gets each usual one', async () => {
  const [page = 0, bot = 0, hooks = 0, ci = 0, web = 0, shop = 0, blue = 0, green = 0] = await freeNow(8);
  const requested: Ports = { page, bot, hooks, ci, web, shop, blue, green };
  const all = await Promise.all(Array.from({ length: 6 }, () => chooseInProcess(requested)));
  const chosen = all.flatMap(({ ports }) => Object.values(ports));
  await Promise.all(all.map(({ end }) => end()));
  expect(new Set(chosen).size).toBe(6 * 8);
  expect(chosen).toEqual(expect.arrayContaining(Object.values(requested)));
});

it('a port is another’s again when its process has ended', async () => {
  const first = await chooseInProcess(anyPorts);
  expect(await claimPort(first.ports.shop)).toBe(false);
  await first.end();
  expect(await claimPort(first.ports.shop)).toBe(true);
});

it('a port on which a program listens gives way, and people hear of it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const requested = { ...anyPorts, shop: typeof address === 'object' ? (address?.port ?? 0) : 0 };
  const given = await choosePorts(requested);
  server.close();
  expect(given.shop).not.toBe(requested.shop);
  expect(portsThatGaveWay(requested, given)).toEqual([`Port ${requested.shop} is taken, so shop is on ${given.shop}.`]);
});

/** Not held: by a separate process that has ended. */
async function freeNow(count: number): Promise<readonly number[]> {
  const others = await chooseInProcess(anyPorts);
  await others.end();
  return Object.values(others.ports).slice(0, count);
}

it('what one process has claimed it does not get again', async () => {
  const ports = await claimFreePorts(50);
  expect(new Set(ports).size).toBe(50);
  expect(await Promise.all(ports.map(claimPort))).toEqual(ports.map(() => false));
});
