// What runs in an instance before a start, and whether the start would change it.

import type { InstancePlace, ReleaseFiles } from '../environment.ts';
import { believe } from './inspect.ts';
import { type RunningRecord, readRecord, writeRecord } from './record.ts';
import { type Room, recordPlace } from './room.ts';

interface Wanted {
  readonly place: InstancePlace;
  readonly ports?: readonly number[] | undefined;
  readonly release: Pick<ReleaseFiles, 'version' | 'digest'>;
}

/** The number of instances may have changed since it was started. */
export function withPorts(room: Room, { place, ports }: Wanted, before: RunningRecord): RunningRecord {
  if ((before.ports ?? []).join() === (ports ?? []).join()) return before;
  const now = { ...before, ports };
  writeRecord(recordPlace(room, place), now);
  return now;
}

/** Whether the release runs there already, so that a start changes nothing. */
export function runsAlready(room: Room, request: Wanted): boolean {
  const before = recordBefore(room, request.place);
  return before !== undefined && isSame(before, request);
}

/** The record of what runs there now, completed if an earlier start was cut short. */
export function recordBefore(room: Room, place: InstancePlace): RunningRecord | undefined {
  const where = recordPlace(room, place);
  const record = readRecord(where, room.log);
  const running = record && believe(room, record);
  if (running && record.state === 'starting') writeRecord(where, running);
  return running;
}

export function isSame(record: RunningRecord, { place, release }: Wanted): boolean {
  return record.version === release.version && record.digest === release.digest && record.port === place.port;
}
