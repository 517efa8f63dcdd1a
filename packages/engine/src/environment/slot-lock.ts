// One change of a slot at a time, across processes: the kernel gives the lock, and releases it when its holder dies.

import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { withKernelLock } from '../lib/kernel-lock.ts';
import { describePlace, type SlotPlace } from './environment.ts';
import { programName } from './proc-fs.ts';

export interface LockRequest {
  readonly place: SlotPlace;
  /** Of the state folder: slots of the same name in another folder are different slots. */
  readonly mark: string;
  readonly waitMs: number;
  readonly clock: Clock;
}

/** Runs `act` with the slot's lock. @throws BlueGreenError `lease-held` after `waitMs`, naming the holder. */
export function withSlotLock<Result>({ place, mark, waitMs, clock }: LockRequest, act: () => Promise<Result>) {
  const name = `bluegreen/${mark}/${place.service}/${place.target}/${place.slot}`;
  const refused = (pid: number | undefined): BlueGreenError => {
    const holder = pid === undefined ? 'another process' : `pid ${pid} (${programName(pid)})`;
    return new BlueGreenError('lease-held', `${describePlace(place)} is being changed by ${holder}`);
  };
  return withKernelLock({ name, waitMs, clock, refused }, act);
}
