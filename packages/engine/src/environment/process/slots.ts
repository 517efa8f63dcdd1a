// All instances of a slot together. The caller holds the slot's lock where something is changed.

import { inParallel } from '../../lib/tasks.ts';
import type {
  Effective,
  InstanceLog,
  InstancePlace,
  LaunchSettings,
  ReleaseFiles,
  SlotObservation,
  SlotPlace,
} from '../environment.ts';
import { instancePlaces, placeOn, portsOf, startsAtOnce, sumInstances } from '../instances.ts';
import { quoteInstances } from '../log-lines.ts';
import { portHolder } from '../port-holder.ts';
import { placesOf, recordedPorts } from '../recorded-instances.ts';
import { tailLog } from '../tail.ts';
import type { InstanceUse } from '../usage.ts';
import { adoptInstance, type KnownRelease } from './adopt.ts';
import { runsAlready } from './before.ts';
import { inspectInstance, type Running } from './inspect.ts';
import { readRecord } from './record.ts';
import { logFileOf, type Room, recordPlace } from './room.ts';
import { boundLog, quoteLog } from './slot-log.ts';
import { preflight, type StartRequest, startInstance } from './start.ts';
import { recordedInstances, startedAs } from './started.ts';
import { stopInstance } from './stop.ts';
import { useOfInstance } from './use.ts';

export interface SlotStart {
  readonly place: SlotPlace;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
}

export async function startSlot(room: Room, start: SlotStart): Promise<Running> {
  const { place, settings } = start;
  const requests = requestsOf(start);
  const [only] = requests;
  const surplus = recordedOf(room, place).filter(({ instance = 1 }) => instance > requests.length);
  if (only && requests.length === 1 && surplus.length === 0) return startInstance(room, only);
  const missing = requests.filter((request) => !runsAlready(room, request));
  // Each refuses again when its turn comes; here all are asked before anything is stopped.
  for (const request of missing) preflight(room, request);
  await Promise.all(surplus.map((each) => stopInstance(room, each, settings.graceMs)));
  try {
    return running(sumInstances(await inParallel(requests, startsAtOnce, (request) => startInstance(room, request))));
  } catch (thrown) {
    await Promise.allSettled(missing.map((request) => stopInstance(room, request.place, settings.graceMs)));
    throw thrown;
  }
}

function running(seen: SlotObservation): Running {
  if (seen.kind === 'running') return seen;
  throw new TypeError('a slot whose instances were all started does not run');
}

function requestsOf({ place, release, settings }: SlotStart): readonly StartRequest[] {
  const ports = recordedPorts(place);
  return instancePlaces(place).map((each) => ({ place: each, ports, release, settings }));
}

/** What the first would be started with: the others differ in their number and port. */
export function preflightSlot(room: Room, start: SlotStart): Effective {
  const [effective] = requestsOf(start).map((request) => preflight(room, request));
  if (effective) return effective;
  throw new TypeError('a slot has at least one instance');
}

/** Also those that the configuration does not have any more. */
export async function stopSlot(room: Room, place: SlotPlace, graceMs: number): Promise<void> {
  const ends = await Promise.allSettled(recordedOf(room, place).map((each) => stopInstance(room, each, graceMs)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** With the ports that they would have; a record has its own. */
function recordedOf(room: Room, place: SlotPlace): readonly InstancePlace[] {
  return placesOf(recordedInstances(room.stateFolder, place), place);
}

export async function inspectSlot(room: Room, place: SlotPlace): Promise<SlotObservation> {
  return sumInstances(await Promise.all(startedPlaces(room, place).map((each) => inspectInstance(room, each))));
}

export async function usageOfSlot(room: Room, place: SlotPlace): Promise<readonly InstanceUse[]> {
  return startedPlaces(room, place).flatMap((each) => useOfInstance(room, each) ?? []);
}

/** Of the instances as they were started; where nothing was started, of those of the place. */
function startedPlaces(room: Room, place: SlotPlace): readonly InstancePlace[] {
  const started = startedAs(room, place);
  return instancePlaces(started ? placeOn(place, portsOf(started)) : place);
}

/** Those that answer; the others are missing, and a later start brings them back. */
export async function adoptSlot(room: Room, place: SlotPlace, known: KnownRelease): Promise<Running> {
  const places = instancePlaces(place);
  const answering = places.filter(({ port }) => portHolder(port));
  const ports = recordedPorts(place);
  for (const each of answering.length === 0 ? places.slice(0, 1) : answering)
    await adoptInstance(room, each, { ...known, ports });
  return running(await inspectSlot(room, place));
}

export async function boundLogs(room: Room, place: SlotPlace, maxLogBytes: number): Promise<void> {
  for (const each of startedPlaces(room, place)) await boundLog(room, each, maxLogBytes);
}

export function logsOf(room: Room, place: SlotPlace): readonly [InstanceLog, ...InstanceLog[]] {
  return startedPlaces(room, place).map(({ instance = 1, ...each }): InstanceLog => {
    const file = logFileOf(room, { ...each, instance });
    return { instance, where: file, file, read: (options) => tailLog(file, options) };
  }) as [InstanceLog, ...InstanceLog[]];
}

export function quoteSlot(room: Room, place: SlotPlace, most: number): readonly string[] {
  return quoteInstances(startedPlaces(room, place), most, (each, lines) => {
    const record = readRecord(recordPlace(room, each), room.log);
    return record ? quoteLog(room, each, { envFiles: record.envFiles, lines }) : [];
  });
}
