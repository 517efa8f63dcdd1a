// The one dockerd of this machine that tests share, for as long as a test is connected: it has its own folder, network
// and netfilter are left alone, and it ends by its pid. An abstract socket is the lock, and the kernel frees it.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { importTestImage } from './test-image.ts';

const idleMs = 5_000;
const readyMs = 60_000;
const endMs = 30_000;

const quiet = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];

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
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function startDaemon(folder: string): ChildProcess {
  const args = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const own = ['-H', `unix://${join(folder, 'docker.sock')}`, '-p', join(folder, 'docker.pid'), '--group', 'root'];
  const daemon = spawn('dockerd', [...args, ...own, ...quiet], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, 'dockerd.log'));
  daemon.stdout.pipe(log, { end: false });
  daemon.stderr.pipe(log, { end: false });
  daemon.on('error', (thrown) => log.write(String(thrown)));
  return daemon;
}

async function readyDaemon(folder: string, daemon: ChildProcess): Promise<{ readonly socket: string }> {
  const socket = join(folder, 'docker.sock');
  const docker = new Docker({ socketPath: socket });
  for (const until = Date.now() + readyMs; ; ) {
    if (daemon.exitCode !== null || daemon.pid === undefined) throw new Error('it ended at once');
    if (await docker.ping().then(Boolean, () => false)) break;
    if (Date.now() > until) throw new Error('it does not answer');
    await sleep(50);
  }
  await importTestImage(docker, folder);
  return { socket };
}

async function endDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.pid === undefined) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await Promise.race([ended, sleep(endMs)]);
  if (daemon.exitCode === null) daemon.kill('SIGKILL');
}

function lastLog(folder: string): string {
  return readFileSync(join(folder, 'dockerd.log'), 'utf8').split('\n').slice(-10).join('\n');
}

await main(process.argv[2] ?? '');
