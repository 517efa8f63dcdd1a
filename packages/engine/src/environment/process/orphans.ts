// Removes what killed attempts left: processes that no record knows, half-written files, sockets without a listener.
// A process that may serve users is never ended: it is reported in the log instead.

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, join } from 'node:path';
import type { SlotPlace } from '../environment.ts';
import { instancePlaces } from '../instances.ts';
import type { Orphan } from '../orphan.ts';
import { portHolder } from '../port-holder.ts';
import { programName } from '../proc-fs.ts';
import { type MarkedProcess, markedProcesses } from './launch.ts';
import { readRecord } from './record.ts';
import { placeFields, type Room, recordPlace } from './room.ts';
import { recordedInstances, recordedParts } from './started.ts';
import { endAll } from './stop.ts';

const graceMs = 5_000;
/** A younger file may be one that is being written, a younger socket one that is about to listen. */
const minAgeMs = 60_000;
const maxDepth = 4;
const connectLimitMs = 1_000;

export async function clearOrphans(room: Room, places: readonly SlotPlace[]): Promise<readonly Orphan[]> {
  return [...(await clearProcesses(room, places)), ...clearFiles(room), ...(await clearSockets(room))];
}

async function clearProcesses(room: Room, places: readonly SlotPlace[]): Promise<readonly Orphan[]> {
  // Processes first, records second: a record is written before its process exists, so what was seen has its record.
  const marked = markedProcesses(room.mark);
  if (marked.length === 0) return [];
  const owned = new Set([...ownedLaunches(room), ...servingWithoutRecord(room, places, marked)]);
  const launches = new Set(marked.map(({ launch }) => launch).filter((launch) => !owned.has(launch)));
  const cleared: Orphan[] = [];
  for (const launch of launches) {
    const what = describe(marked.filter((stat) => stat.launch === launch));
    const ending = await endAll({ launch, process: undefined }, { graceMs, clock: room.clock });
    room.log.warn({ what, ending: ending ?? 'still there' }, 'ended a process that no slot owns');
    if (ending !== undefined) cleared.push({ kind: 'process', what });
  }
  return cleared;
}

/** Launches of every record in the state folder, also of slots that are no longer configured. */
function ownedLaunches(room: Room): readonly string[] {
  const instances = recordedParts(room.stateFolder).flatMap((part) => recordedInstances(room.stateFolder, part));
  return instances.flatMap((place) => {
    const record = readRecord(recordPlace(room, place), room.log);
    return record && record.state !== 'stopped' && record.launch !== undefined ? [record.launch] : [];
  });
}

/** A slot whose record was lost may still serve users from its port: it waits for a person to adopt it. */
function servingWithoutRecord(
  room: Room,
  places: readonly SlotPlace[],
  marked: readonly MarkedProcess[],
): readonly string[] {
  return places.flatMap(instancePlaces).flatMap((place) => {
    if (readRecord(recordPlace(room, place), room.log)) return [];
    const pid = portHolder(place.port)?.pid;
    const launch = marked.find((stat) => stat.pid === pid)?.launch;
    if (launch === undefined) return [];
    room.log.warn(
      { ...placeFields(place), pid },
      'a process of ours serves on a slot whose record is gone; it was not touched, adopt it',
    );
    return [launch];
  });
}

function clearFiles(room: Room): readonly Orphan[] {
  // The names that an atomic write gives, and a copy of a log that was never finished.
  const leftover = /(\.[0-9a-f]{8}\.tmp|\.log\.copy)$/;
  return filesBelow(room.stateFolder, maxDepth)
    .filter((path) => leftover.test(basename(path)) && isOlder(path, room.clock.now() - minAgeMs))
    .map((path) => clear(path, 'file'));
}

async function clearSockets(room: Room): Promise<readonly Orphan[]> {
  const cleared: Orphan[] = [];
  for (const path of filesBelow(room.stateFolder, maxDepth)) {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket() || !isOlder(path, room.clock.now() - minAgeMs))
      continue;
    if (await isRefused(path)) cleared.push(clear(path, 'socket'));
  }
  return cleared;
}

function clear(path: string, kind: 'file' | 'socket'): Orphan {
  rmSync(path, { force: true });
  return { kind, what: path };
}

/** True only when the kernel reports that no process listens; a slow answer is an answer. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path, timeout: connectLimitMs });
    const end = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('error', (thrown: NodeJS.ErrnoException) => end(thrown.code === 'ECONNREFUSED'));
  });
}

function isOlder(path: string, thanMs: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.mtimeMs < thanMs;
}

/** Leaves out releases, which are immutable and must not be cleared, in case they are in the state folder. */
function filesBelow(folder: string, depth: number): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return depth > 0 && entry.name !== 'releases' ? filesBelow(path, depth - 1) : [];
  });
}

function describe(processes: readonly MarkedProcess[]): string {
  return processes.map(({ pid }) => `pid ${pid} (${programName(pid)})`).join(', ');
}
