// One change of a slot at a time, across processes: the kernel gives the lock, and releases it when its holder dies.

import { createHash } from 'node:crypto';
import type { TargetKey } from '../domain/target.ts';
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
  const part = place.role === undefined ? place.slot : `${place.slot}.${place.role}`;
  const name = lockName(`${mark}/${place.service}/${place.target}/${part}`);
  const refused = (pid: number | undefined): BlueGreenError =>
    new BlueGreenError('lease-held', `${describePlace(place)} is being changed by ${holderOf(pid)}`);
  return withKernelLock({ name, waitMs, clock, refused }, act);
}

interface RolesLock extends Omit<LockRequest, 'place'> {
  readonly target: TargetKey;
}

/** Runs `act` with the lock of all process roles of the target. @throws as `withSlotLock` */
export function withRolesLock<Result>({ target, mark, waitMs, clock }: RolesLock, act: () => Promise<Result>) {
  const { service, target: name } = target;
  const refused = (pid: number | undefined): BlueGreenError =>
    new BlueGreenError('lease-held', `the process roles of ${service}/${name} are being changed by ${holderOf(pid)}`);
  return withKernelLock({ name: lockName(`${mark}/${service}/${name}/roles`), waitMs, clock, refused }, act);
}

const longestName = 100;

/** A long one, which the kernel would not take, is replaced by its hash. */
function lockName(what: string): string {
  const name = `bluegreen/${what}`;
  return name.length <= longestName ? name : `bluegreen/${createHash('sha256').update(what).digest('hex')}`;
}

const holderOf = (pid: number | undefined): string =>
  pid === undefined ? 'another process' : `pid ${pid} (${programName(pid)})`;
