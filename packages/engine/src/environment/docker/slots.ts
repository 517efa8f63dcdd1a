// All instances of a slot together. The caller holds the slot's lock where something is changed.

import { BlueGreenError } from '../../lib/errors.ts';
import { inParallel } from '../../lib/tasks.ts';
import type {
  Effective,
  InstanceLog,
  InstancePlace,
  LaunchSettings,
  ReleaseFiles,
  RunningSlot,
  SlotObservation,
  SlotPlace,
} from '../environment.ts';
import { instancePlaces, placeOn, portsOf, startsAtOnce, sumInstances } from '../instances.ts';
import { newLaunch } from '../launch-mark.ts';
import { quoteInstances, quoteLines } from '../log-lines.ts';
import { placesOf, recordedPorts } from '../recorded-instances.ts';
import { tailLog } from '../tail.ts';
import { requireNotLater } from './fence.ts';
import { runningContainer } from './inspect.ts';
import { clearSlot } from './leftovers.ts';
import { prepare } from './prepare.ts';
import { liveRecord, readRecord, recordedInstances, startedAs } from './record.ts';
import { logFileOf, type Room, type StartRequest } from './room.ts';
import { acceptFound } from './settle.ts';
import { inspectOrUnknown, silent } from './silent.ts';
import { requireHost } from './spread.ts';
import { discard, isSame, makeContainer, type Starting, startContainer } from './start.ts';
import { stopInstance } from './stop.ts';

export interface SlotStart {
  readonly place: SlotPlace;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
}

export async function startSlot(room: Room, start: SlotStart): Promise<RunningSlot> {
  const { place, settings } = start;
  const requests = requestsOf(room, start);
  const surplus = recordedOf(room, place).filter(({ instance = 1 }) => instance > requests.length);
  const found = await findAll(room, requests);
  const missing = requests.filter((_, index) => !found[index]);
  const made = await makeContainers(room, missing);
  try {
    await Promise.all(surplus.map((each) => stopInstance(room, each, settings)));
    const states = await inParallel(requests, startsAtOnce, async (request) => {
      const [before, starting] = [found[requests.indexOf(request)], made.get(request)];
      if (before && 'problem' in before) return before;
      if (before) return acceptFound(room, request, before);
      if (starting) return startContainer(room, request, starting);
      throw new TypeError('an instance that is missing has a container');
    });
    return running(sumInstances(states));
  } catch (thrown) {
    // Of several, some may run the new release already and some still the old one.
    if (missing.length > 1)
      await Promise.allSettled(missing.map((request) => stopInstance(room, request.place, settings)));
    await Promise.all([...made.values()].map(discard));
    throw thrown;
  }
}

/**
 * Of several, one on a host that does not answer is left alone where the release was started there, as long as another
 * one answers. @throws BlueGreenError `environment-unreachable`
 */
async function findAll(room: Room, requests: readonly StartRequest[]) {
  const failures: unknown[] = [];
  const found = await Promise.all(
    requests.map((request) =>
      foundFor(room, request).catch((thrown: unknown) => {
        const record = liveRecord(room, request.place);
        const unknown = record && isSame(record, request) && silent(room, request.place, record, thrown);
        if (!unknown) throw thrown;
        failures.push(thrown);
        return unknown;
      }),
    ),
  );
  if (failures.length === requests.length) throw failures[0];
  return found;
}

/** The container in which the release runs there already. */
async function foundFor(room: Room, request: StartRequest) {
  const before = await runningContainer(room, request.place);
  if (before) requireNotLater(room, request.place, before.found.Config.Labels);
  return before && isSame(before.record, request) ? before : undefined;
}

/** One for each, or none: all that can refuse has refused before anything is stopped. */
async function makeContainers(
  room: Room,
  requests: readonly StartRequest[],
): Promise<ReadonlyMap<StartRequest, Starting>> {
  const made = new Map<StartRequest, Starting>();
  const [first] = requests;
  if (!first) return made;
  for (const request of requests) prepare(room, request, newLaunch(room.mark));
  const names = new Set(requests.map(({ host }) => host.name));
  await Promise.all([...names].map((name) => clearSlot(room, first.place, room.clientOf(first.place, name))));
  try {
    await inParallel(requests, startsAtOnce, async (request) => {
      made.set(request, await makeContainer(room, request));
    });
    return made;
  } catch (thrown) {
    await Promise.all([...made.values()].map(discard));
    throw thrown;
  }
}

function running(seen: SlotObservation): RunningSlot {
  if (seen.kind === 'running') return seen;
  throw new TypeError('a slot whose instances were all started does not run');
}

function requestsOf(room: Room, { place, release, settings }: SlotStart): readonly StartRequest[] {
  const ports = recordedPorts(place);
  const docker = room.settingsOf(place);
  const hostOf = (each: InstancePlace) => requireHost(docker, each);
  return instancePlaces(place).map((each) => ({ place: each, host: hostOf(each), ports, release, settings }));
}

/** What the first would be started with: the others differ in their number and port. */
export function preflightSlot(room: Room, start: SlotStart): Effective {
  const [effective] = requestsOf(room, start).map(
    (request) => prepare(room, request, newLaunch(room.mark)).startedWith,
  );
  if (effective) return effective;
  throw new TypeError('a slot has at least one instance');
}

/** Also those that the configuration does not have any more. */
export async function stopSlot(room: Room, place: SlotPlace, graceMs: number): Promise<void> {
  const ends = await Promise.allSettled(recordedOf(room, place).map((each) => stopInstance(room, each, { graceMs })));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

const recordedOf = (room: Room, place: SlotPlace): readonly InstancePlace[] =>
  placesOf(recordedInstances(room.stateFolder, place), place);

export async function inspectSlot(room: Room, place: SlotPlace): Promise<SlotObservation> {
  const states = await Promise.all(startedPlaces(room, place).map((each) => inspectOrUnknown(room, each)));
  const unknown = states.filter((each) => each.kind === 'unknown');
  // Of the others it is known that they have ended, and not whether the slot has.
  if (unknown[0] && !states.some(({ kind }) => kind === 'running'))
    throw new BlueGreenError('environment-unreachable', unknown[0].problem, { host: unknown[0].host });
  return sumInstances(states);
}

/** Of the instances as they were started; where nothing was started, of those of the place. */
function startedPlaces(room: Room, place: SlotPlace): readonly InstancePlace[] {
  const started = startedAs(room, place);
  return instancePlaces(started ? placeOn(place, portsOf(started)) : place);
}

export function logsOf(room: Room, place: SlotPlace): readonly [InstanceLog, ...InstanceLog[]] {
  return startedPlaces(room, place).map(({ instance = 1, ...each }): InstanceLog => {
    const file = logFileOf(room, { ...each, instance });
    return { instance, where: file, file, read: (options) => tailLog(file, options) };
  }) as [InstanceLog, ...InstanceLog[]];
}

export function quoteSlot(room: Room, place: SlotPlace, most: number): readonly string[] {
  return quoteInstances(startedPlaces(room, place), most, (each, lines) => {
    const record = readRecord(room, each);
    return record ? quoteLines(logFileOf(room, each), { envFiles: record.envFiles, lines }) : [];
  });
}
