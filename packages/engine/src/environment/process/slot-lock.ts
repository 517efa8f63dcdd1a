// One change of a slot at a time, across processes. The lock is a listening abstract socket: the kernel allows one of a
// name and lets go of it the moment its holder dies, so there is no stale lock to judge and none to steal.

import { createServer, type Server } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type SlotPlace } from '../environment.ts';
import { holdersOf, programName, readProc } from './proc-fs.ts';

export interface LockRequest {
  readonly place: SlotPlace;
  /** Of the state folder: slots of the same name in another one are others. */
  readonly mark: string;
  readonly waitMs: number;
  readonly clock: Clock;
}

const retryMs = 25;

/** Runs `act` while nobody else changes the slot. @throws BlueGreenError `lease-held` after `waitMs`, naming the holder. */
export async function withSlotLock<Result>(request: LockRequest, act: () => Promise<Result>): Promise<Result> {
  const lock = await acquire(request);
  try {
    return await act();
  } finally {
    await new Promise<void>((resolve) => lock.close(() => resolve()));
  }
}

async function acquire({ place, mark, waitMs, clock }: LockRequest): Promise<Server> {
  const name = `bluegreen/${mark}/${place.service}/${place.target}/${place.slot}`;
  const until = clock.monotonic() + waitMs;
  for (;;) {
    const lock = await tryListen(`\0${name}`);
    if (lock) return lock;
    if (clock.monotonic() >= until)
      throw new BlueGreenError('lease-held', `${describePlace(place)} is being changed by ${holderOf(name)}`);
    await clock.sleep(retryMs);
  }
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

function holderOf(name: string): string {
  const line = (readProc('net/unix') ?? '').split('\n').find((row) => row.endsWith(` @${name}`));
  const inode = line?.trim().split(/\s+/)[6];
  const [pid] = holdersOf(new Set(inode === undefined ? [] : [inode]));
  return pid === undefined ? 'another process' : `pid ${pid} (${programName(pid)})`;
}
