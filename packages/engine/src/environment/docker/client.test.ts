import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDockerClient } from './client.ts';

let folder: string;
let silent: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bg-client-'));
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(join(folder, 'silent.sock'), resolve));
});
afterAll(() => {
  silent.close();
  rmSync(folder, { recursive: true, force: true });
});

const asked = (socket: string): Promise<unknown> => {
  const address = `unix://${join(folder, socket)}`;
  const client = createDockerClient({ name: 'one', address, endpointHost: '127.0.0.1' });
  return client.ask((docker) => docker.listContainers(), 200).catch((thrown: unknown) => thrown);
};

it.each([
  ['accepts and never answers', 'silent.sock', 'no answer within 0.2 s'],
  ['is not there', 'none.sock', 'ENOENT'],
])('a host that %s is named, and nothing is concluded from it', async (_, socket, why) => {
  expect(await asked(socket)).toMatchObject({
    code: 'environment-unreachable',
    message: expect.stringMatching(new RegExp(`^Docker on one \\(unix://.*${socket}\\) cannot be asked: .*${why}`)),
  });
});
