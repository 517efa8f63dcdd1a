// How a process ended: recorded by the engine that started it, reported in a sentence with the last lines of its log.

import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import type { DetachedExit } from '../../lib/spawn-detached.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import { drained } from './log-pipe.ts';
import { readRecord, writeExit } from './record.ts';
import { logFileOf, placeFields, type Room, recordPlace } from './room.ts';
import { quoteLog } from './slot-log.ts';

export interface Exit {
  readonly place: InstancePlace;
  readonly launch: string;
  readonly exit: DetachedExit;
}

/** Runs at any later time, so it only logs a failure: the caller may be gone, and so may the state folder. */
export function noteExit(room: Room, { place, launch, exit }: Exit): void {
  try {
    const where = recordPlace(room, place);
    const record = readRecord(where, room.log);
    if (record && record.state !== 'stopped' && record.launch === launch) writeExit(where, launch, describeExit(exit));
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the end of a process could not be noted');
  }
}

export function describeExit({ code, signal }: DetachedExit): string {
  return signal === null ? `exit code ${code}` : `ended by ${signal}`;
}

export const exitNotSeen = 'nobody saw how';

export interface Ended {
  readonly place: InstancePlace;
  readonly version: string;
  readonly exit: string;
  readonly envFiles: readonly string[];
  /** The line of the log after which this start's output begins. */
  readonly after?: string;
}

export async function endedAtOnce(room: Room, { place, version, exit, ...quote }: Ended): Promise<BlueGreenError> {
  await drained(logFileOf(room, place), room.clock);
  const lastLog = quoteLog(room, place, quote);
  const output = lastLog.length === 0 ? 'it wrote nothing' : `its last lines:\n${lastLog.join('\n')}`;
  const sentence = `${version} in ${describePlace(place)} ended at once (${exit}); ${output}`;
  return new BlueGreenError('start-failed', sentence, { exit, lastLog });
}
