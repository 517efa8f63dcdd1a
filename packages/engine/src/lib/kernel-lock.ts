// The lock of this machine: one holder of a name at a time. It is a listening abstract socket: the kernel allows one
// per name and removes it when its holder dies, so there is no stale lock to judge or to steal.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Clock } from './clock.ts';
import type { BlueGreenError } from './errors.ts';
import { processesWith } from './open-files.ts';
import { poll } from './poll.ts';

export interface KernelLock {
  /** At most 100 bytes, the same in every process that competes. */
  readonly name: string;
  readonly waitMs: number;
  readonly clock: Clock;
  /** What is thrown when the time has passed. `holder`: undefined when it cannot be found. */
  readonly refused: (holder: number | undefined) => BlueGreenError;
}

const retryMs = 20;

export async function withKernelLock<T>(lock: KernelLock, work: () => Promise<T>): Promise<T> {
  const held = await acquire(lock);
  try {
    return await work();
  } finally {
    await new Promise<void>((resolve) => held.close(() => resolve()));
  }
}

async function acquire({ name, waitMs, clock, refused }: KernelLock): Promise<Server> {
  const held = await poll(() => tryListen(`\0${name}`), { clock, everyMs: retryMs, limitMs: waitMs });
  if (held === undefined) throw refused(holderOf(name));
  return held;
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (thrown: NodeJS.ErrnoException) =>
      thrown.code === 'EADDRINUSE' ? resolve(undefined) : reject(thrown),
    );
    server.listen(path, () => resolve(server));
  });
}

function holderOf(name: string): number | undefined {
  const inode = inodeOf(name);
  return inode === undefined ? undefined : processesWith(`socket:[${inode}]`, 'all')[0];
}

function inodeOf(name: string): string | undefined {
  try {
    const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const row = rows.find((each) => each.endsWith(` @${name}`));
    return row?.trim().split(/\s+/)[6];
  } catch {
    return undefined;
  }
}
