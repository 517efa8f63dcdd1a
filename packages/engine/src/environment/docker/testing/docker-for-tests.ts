// The Docker that tests use: one that runs here, or one of our own where nobody's machine is changed by it. Where there is
// none, a test says why it is skipped.

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import Docker from 'dockerode';
import { importTestImage } from './test-image.ts';

export type DockerForTests =
  | { readonly socket: string; readonly why?: undefined }
  | { readonly socket?: undefined; readonly why: string };

const lock = 'bluegreen-dockerd-for-tests';
const usual = '/var/run/docker.sock';
const patienceMs = 150_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until this process ends. The image `testImage` is there. */
export async function dockerForTests(): Promise<DockerForTests> {
  if (isInCi()) return ownDaemon();
  try {
    await importTestImage(new Docker({ socketPath: usual, timeout: 10_000 }), '/tmp');
    return { socket: usual };
  } catch {
    return {
      why: 'no Docker answers at /var/run/docker.sock; with BLUEGREEN_TEST_DOCKERD=1, root starts one for the tests',
    };
  }
}

/** A person has to ask for it: it is a daemon with the rights of root. */
const isInCi = (): boolean => process.env.CI === 'true' || process.env.BLUEGREEN_TEST_DOCKERD === '1';

async function ownDaemon(): Promise<DockerForTests> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { why: 'only root can start a dockerd on Linux' };
  if (!isInstalled('dockerd')) install();
  if (!isInstalled('dockerd')) return { why: 'dockerd is not installed (Debian: docker.io)' };
  for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(250)) {
    const keeper = await connect();
    if (!keeper) {
      spawn(process.execPath, [join(import.meta.dirname, 'dockerd-process.ts'), lock], {
        detached: true,
        stdio: 'ignore',
      }).unref();
      continue;
    }
    const line = await firstLine(keeper);
    // The connection says that this process still uses it, and does not keep it alive.
    keeper.unref();
    if (line !== undefined) return JSON.parse(line) as DockerForTests;
  }
  return { why: 'the dockerd for the tests did not get ready in time' };
}

const isInstalled = (program: string): boolean =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

function install(): void {
  // In this run level no package starts its service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = { stdio: 'ignore', timeout: 240_000, env } as const;
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'docker.io'], options);
}

function connect(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(`\0${lock}`, () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8');
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    socket.once('close', () => resolve(undefined));
    socket.once('error', () => resolve(undefined));
  });
}
