// A dockerd with its own folder, which ends by its pid. Network and netfilter of the machine are left alone: it makes no
// bridge, or has a network namespace of its own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { importTestImage } from './test-image.ts';

const readyMs = 60_000;
const endMs = 30_000;

const quiet = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface DaemonOptions {
  /** With the bridge and the rules of a Docker as it is shipped, in a network namespace of its own. */
  readonly bridge?: boolean;
  /** Containers go on while it does not run. */
  readonly liveRestore?: boolean;
  /** Without a bridge, in a network namespace of its own: another machine, as far as the network is concerned. */
  readonly apart?: boolean;
  /** More arguments. */
  readonly also?: readonly string[];
}

/** Up: ports are published on 127.0.0.1, which a new namespace does not have. It becomes dockerd, with the same pid. */
const inNamespace = ['--net', 'sh', '-c', 'ip link set lo up && exec dockerd "$@"', 'sh'];

export function startDaemon(
  folder: string,
  { bridge = false, liveRestore = false, apart = false, also = [] }: DaemonOptions = {},
): ChildProcess {
  const args = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const own = ['-H', `unix://${join(folder, 'docker.sock')}`, '-p', join(folder, 'docker.pid'), '--group', 'root'];
  const options = [...args, ...own, ...(bridge ? [] : quiet), ...(liveRestore ? ['--live-restore'] : []), ...also];
  const [program, words] = bridge || apart ? ['unshare', [...inNamespace, ...options]] : ['dockerd', options];
  const daemon = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, 'dockerd.log'));
  daemon.stdout.pipe(log, { end: false });
  daemon.stderr.pipe(log, { end: false });
  daemon.on('error', (thrown) => log.write(String(thrown)));
  return daemon;
}

export async function readyDaemon(folder: string, daemon: ChildProcess): Promise<{ readonly socket: string }> {
  const socket = join(folder, 'docker.sock');
  const docker = new Docker({ socketPath: socket });
  for (const until = Date.now() + readyMs; ; ) {
    if (daemon.exitCode !== null || daemon.pid === undefined) throw new Error(`it ended at once\n${lastLog(folder)}`);
    if (await docker.ping().then(Boolean, () => false)) break;
    if (Date.now() > until) throw new Error('it does not answer');
    await sleep(50);
  }
  await importTestImage(docker, folder);
  return { socket };
}

export async function endDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.pid === undefined) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await Promise.race([ended, sleep(endMs)]);
  if (daemon.exitCode === null) daemon.kill('SIGKILL');
}

/** As the kernel does when memory is short. Its containerd ends with it. */
export async function killDaemon(daemon: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGKILL');
  await ended;
  // Where the first process of a machine collects no ended one, the next dockerd would take containerd for alive.
  rmSync(join(folder, 'exec', 'containerd', 'containerd.pid'), { force: true });
}

export function lastLog(folder: string): string {
  return readFileSync(join(folder, 'dockerd.log'), 'utf8').split('\n').slice(-10).join('\n');
}

/** Of a daemon that has ended. It leaves a mount of its network namespace, and a killed one that of its data. */
export function removeDaemon(folder: string): void {
  for (const mount of ['exec/netns/default', 'data']) spawnSync('umount', [join(folder, mount)], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
