// What every function of this driver uses: the state folder, the clock, the log.

import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { InstanceKey } from '../environment.ts';
import { dottedName } from '../recorded-instances.ts';
import type { RecordPlace } from './record.ts';

export interface Room {
  readonly stateFolder: string;
  /** Identifies the state folder in the marks of processes. */
  readonly mark: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The last measurement of each instance, to compute how much of a core it used since. */
  readonly looks: Map<string, Look>;
}

export interface Look {
  readonly pid: number;
  readonly cpuTicks: number;
  readonly at: number;
}

/** Dots, which no name can hold, keep `a-b` of `c` apart from `a` of `b-c`. */
export function logFileOf(room: Pick<Room, 'stateFolder'>, place: InstanceKey): string {
  return join(room.stateFolder, 'logs', `${dottedName(place)}.log`);
}

export function recordPlace({ stateFolder }: Room, place: InstanceKey): RecordPlace {
  return { stateFolder, place };
}

/** The fields by which a log line is found again. */
export function placeFields({
  service,
  target,
  slot,
  instance,
  role,
}: InstanceKey): Readonly<Record<string, string | number>> {
  return {
    service,
    target,
    slot,
    ...(role === undefined ? {} : { role }),
    ...(instance === undefined ? {} : { instance }),
  };
}
