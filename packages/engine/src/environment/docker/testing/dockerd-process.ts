// The one dockerd of this machine that tests share, for as long as a test is connected: it has its own folder, network
// and netfilter are left alone, and it ends by its pid. An abstract socket is the lock, and the kernel frees it.

import { mkdtempSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endDaemon, lastLog, readyDaemon, removeDaemon, startDaemon } from './dockerd.ts';

const idleMs = 5_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function main(lock: string): Promise<void> {
  const users = new Set<Socket>();
  let lastUser = Date.now();
  let answer: string | undefined;
  const server = createServer((user) => {
    users.add(user);
    user.on('error', () => user.destroy());
    user.on('close', () => {
      users.delete(user);
      lastUser = Date.now();
    });
    if (answer !== undefined) user.write(answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(`\0${lock}`, resolve);
  });
  const folder = mkdtempSync(join(tmpdir(), 'bg-dockerd-'));
  const daemon = startDaemon(folder);
  try {
    answer = `${JSON.stringify(await readyDaemon(folder, daemon))}\n`;
  } catch (thrown) {
    answer = `${JSON.stringify({ why: `dockerd did not start: ${String(thrown)}\n${lastLog(folder)}` })}\n`;
  }
  for (const user of users) user.write(answer);
  while (users.size > 0 || Date.now() - lastUser < idleMs) await sleep(500);
  server.close();
  await endDaemon(daemon);
  removeDaemon(folder);
}

await main(process.argv[2] ?? '');
