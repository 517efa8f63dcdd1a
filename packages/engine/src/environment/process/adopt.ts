// Adopts the process that already serves on a slot's port, without changing it.

import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import { describeHolder, portHolder } from '../port-holder.ts';
import { identify, type ProcessIdentity, processStat, startedAtMs } from '../proc-fs.ts';
import { helperFor } from './helper.ts';
import { believe, observe, type Running } from './inspect.ts';
import { leaderAmong, markedProcesses } from './launch.ts';
import { type RunningRecord, readRecord, writeRecord } from './record.ts';
import { placeFields, type Room, recordPlace } from './room.ts';

export interface KnownRelease {
  /** Of all instances of the slot; undefined: it has one. */
  readonly ports?: readonly number[] | undefined;
  readonly version: string;
  readonly digest: string;
}

/** Under the slot's lock. */
export async function adoptInstance(room: Room, place: InstancePlace, known: KnownRelease): Promise<Running> {
  const where = recordPlace(room, place);
  const found = findListener(room, place, (await helperFor(room, place)?.members()) ?? []);
  const record = readRecord(where, room.log);
  const believed = record && believe(room, record);
  // The slot's own process: the record of its start knows more about it than the caller.
  if (believed?.process.pid === found.process.pid) return observe(room, place, believed);
  const adopted: RunningRecord = {
    state: 'running',
    ...found,
    version: known.version,
    digest: known.digest,
    port: place.port,
    ...(known.ports ? { ports: known.ports } : {}),
    startedAt: startedAtMs(found.process.startTicks),
    adopted: true,
    envFiles: [],
  };
  writeRecord(where, adopted);
  room.log.info({ ...placeFields(place), version: known.version, pid: found.process.pid }, 'adopted');
  return observe(room, place, adopted);
}

interface Listener {
  readonly process: ProcessIdentity;
  /** Known when the process was started by an engine on this state folder whose record was lost. */
  readonly launch?: string;
}

/** `helped`: of a slot under another account, whose marks this process may not read. */
function findListener(room: Room, place: InstancePlace, helped: readonly number[]): Listener {
  const holder = portHolder(place.port);
  if (!holder)
    throw new BlueGreenError(
      'not-found',
      `nothing listens on port ${place.port} of ${describePlace(place)}: there is nothing to adopt`,
    );
  const marked = markedProcesses(room.mark);
  const launch = marked.find(({ pid }) => pid === holder.pid)?.launch;
  const leader = leaderAmong(marked.filter((stat) => stat.launch === launch));
  const first = leaderAmong(helped.flatMap((pid) => processStat(pid) ?? []));
  const process = identify(leader?.pid ?? holder.pid ?? first?.pid ?? 0);
  if (!process)
    throw new BlueGreenError(
      'not-found',
      `port ${place.port} is in use by ${describeHolder(holder)}, which this user may not look at`,
    );
  return leader && launch ? { process, launch } : { process };
}
