import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '@bg/engine/test-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitOf, spawnProxy, specIn } from './testing/fixture.ts';

let folder: string;
let host: ReturnType<typeof spawnProxy>;
const socket = () => join(folder, 'proxy.targets');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-host-'));
  await laySpec('first');
  host = spawnProxy(join(folder, 'first.json'), socket());
  await until(() => existsSync(join(folder, 'first.sock')));
});
afterEach(async () => {
  host.child.kill('SIGKILL');
  await exitOf(host.child);
  rmSync(folder, { recursive: true, force: true });
});

async function laySpec(target: string, port?: number): Promise<number> {
  const listen = port ?? (await freePort());
  const spec = { ...specIn(folder, listen, 1), target, socket: join(folder, `${target}.sock`) };
  writeFileSync(join(folder, `${target}.json`), JSON.stringify({ ...spec, routingFile: join(folder, `${target}.r`) }));
  return listen;
}

function ask(
  path: string,
  method: string,
  on = socket(),
  value?: unknown,
): Promise<{ status: number; value: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: on, method, path, agent: false }, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      resolve({ status: answer.statusCode ?? 0, value: JSON.parse(text) });
    });
    outgoing.on('error', reject).end(value === undefined ? undefined : JSON.stringify(value));
  });
}
const add = (target: string) => {
  const files = { spec: join(folder, `${target}.json`), log: join(folder, `${target}.log`) };
  return ask('/targets', 'POST', socket(), files);
};
const specs = async () => ((await ask('/targets', 'GET')).value as { specs: readonly string[] }).specs.length;
const statusOf = (port: number) =>
  fetch(`http://127.0.0.1:${port}`).then(
    ({ status }) => status,
    () => 'nobody',
  );

describe('the process of several targets', () => {
  test('adds further ones, each once, with its own log and a socket only for this user', async () => {
    const port = await laySpec('second');
    const answers = await Promise.all([add('second'), add('second'), add('second')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect([await statusOf(port), await specs()]).toEqual([503, 2]);
    expect(readFileSync(join(folder, 'second.log'), 'utf8').match(/"msg":"started"/g)).toHaveLength(1);
    expect(host.output()).not.toContain('"second"');
    for (const file of ['proxy.targets', 'second.log', 'second.sock'])
      expect([file, statSync(join(folder, file)).mode & 0o077]).toEqual([file, 0]);
  });

  test('refuses what cannot start, reports why, and retains nothing of it', async () => {
    const taken = createServer().listen(await laySpec('second'), '127.0.0.1');
    expect(await add('second')).toMatchObject({ status: 409, value: { error: 'port-in-use' } });
    await new Promise((resolve) => taken.close(resolve));
    writeFileSync(join(folder, 'third.json'), 'no json');
    expect(await add('third')).toMatchObject({ status: 400, value: { error: 'invalid' } });
    expect(await ask('/targets', 'POST', socket(), { spec: 1 })).toMatchObject({ status: 400 });
    expect(await ask('/nothing', 'GET')).toMatchObject({ status: 404 });
    expect(await specs()).toBe(1);
    expect(await add('second')).toMatchObject({ status: 200 });
  });

  test('that cannot open its control socket leaves the port free again', async () => {
    const port = await laySpec('second');
    const file = join(folder, 'second.json');
    const spec = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...spec, socket: join(folder, 'no-such-folder/a.sock') }));
    expect((await add('second')).status).toBe(400);
    expect([await statusOf(port), await specs()]).toEqual(['nobody', 1]);
  });

  test('ends only one, adds it again, and ends with the last', async () => {
    const port = await laySpec('second');
    await add('second');
    await ask('/shutdown', 'POST', join(folder, 'second.sock'));
    expect(await add('second')).toMatchObject({ status: 200 });
    expect(await statusOf(port)).toBe(503);
    await ask('/shutdown', 'POST', join(folder, 'second.sock'));
    await until(async () => (await specs()) === 1);
    await ask('/shutdown', 'POST', join(folder, 'first.sock'));
    expect(await exitOf(host.child)).toBe(0);
  });

  test('ends all of them on request', async () => {
    const port = await laySpec('second');
    await add('second');
    host.child.kill('SIGTERM');
    expect(await exitOf(host.child)).toBe(0);
    expect(await statusOf(port)).toBe('nobody');
    expect(readFileSync(join(folder, 'second.log'), 'utf8')).toContain('"msg":"started"');
  });

  test('leaves the socket to another process that has it already, and takes one that no process has', async () => {
    await laySpec('second');
    const other = spawnProxy(join(folder, 'second.json'), socket());
    await until(() => existsSync(join(folder, 'second.sock')));
    expect((await ask('/targets', 'GET')).value).toMatchObject({ pid: host.child.pid });
    other.child.kill('SIGKILL');
    host.child.kill('SIGKILL');
    await Promise.all([exitOf(other.child), exitOf(host.child)]);
    const next = spawnProxy(join(folder, 'second.json'), socket());
    try {
      await until(() =>
        ask('/targets', 'GET').then(
          ({ value }) => (value as { pid: number }).pid === next.child.pid,
          () => false,
        ),
      );
    } finally {
      next.child.kill('SIGKILL');
      await exitOf(next.child);
    }
  });

  test('serves the same targets when it is started again, and reports which of them it cannot serve', async () => {
    const port = await laySpec('second');
    for (const target of ['third', 'fourth']) await laySpec(target);
    for (const target of ['second', 'third', 'fourth']) await add(target);
    await ask('/shutdown', 'POST', join(folder, 'fourth.sock'));
    await until(async () => (await specs()) === 3);
    host.child.kill('SIGKILL');
    await exitOf(host.child);
    writeFileSync(join(folder, 'third.json'), 'no json');
    host = spawnProxy(join(folder, 'first.json'), socket(), 'again');
    await until(async () => (await statusOf(port)) === 503 && (await specs()) === 2);
    expect(existsSync(join(folder, 'first.sock'))).toBe(true);
    await until(() => host.output().includes('not valid JSON'));
    // Without its list, or with a damaged one, it serves the target that it is given.
    host.child.kill('SIGKILL');
    await exitOf(host.child);
    writeFileSync(`${socket()}.json`, '{"targets":[{"spec"');
    host = spawnProxy(join(folder, 'first.json'), socket(), 'again');
    await until(() =>
      specs().then(
        (count) => count === 1,
        () => false,
      ),
    );
  });

  test('ends when nothing is left to serve, or another process serves already', async () => {
    const other = spawnProxy(join(folder, 'first.json'), socket(), 'again');
    expect(await exitOf(other.child)).toBe(0);
    await ask('/shutdown', 'POST', join(folder, 'first.sock'));
    expect(await exitOf(host.child)).toBe(0);
    const next = spawnProxy(join(folder, 'first.json'), socket(), 'again');
    expect(await exitOf(next.child)).toBe(0);
  });
});
