// What every function of this driver uses: the state folder, the clock, the log.

import { join } from 'node:path';
import type { SlotKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { RecordPlace } from './record.ts';

export interface Room {
  readonly stateFolder: string;
  /** Identifies the state folder in the marks of processes. */
  readonly mark: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The last measurement of each slot, to compute how much of a core it used since. */
  readonly looks: Map<string, Look>;
}

export interface Look {
  readonly pid: number;
  readonly cpuTicks: number;
  readonly at: number;
}

/** Dots, which no name can hold, keep `a-b` of `c` apart from `a` of `b-c`. */
export function logFileOf(room: Pick<Room, 'stateFolder'>, { service, target, slot }: SlotKey): string {
  return join(room.stateFolder, 'logs', `${service}.${target}.${slot}.log`);
}

export function recordPlace({ stateFolder }: Room, place: SlotKey): RecordPlace {
  return { stateFolder, place };
}

/** The fields by which a log line is found again. */
export function placeFields({ service, target, slot }: SlotKey): Readonly<Record<string, string>> {
  return { service, target, slot };
}
