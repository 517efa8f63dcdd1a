// Inspects one instance: compares its record with the state of the machine.

import type { InstancePlace, SlotObservation } from '../environment.ts';
import { currentBootId, identify, isAlive, residentBytes, ticksPerSecond } from '../proc-fs.ts';
import { leaderAmong, markedProcesses, processesToMeasure } from './launch.ts';
import { drained } from './log-pipe.ts';
import { type LiveRecord, type RunningRecord, readExit, readRecord, type SlotRecord } from './record.ts';
import { type Look, logFileOf, type Room, recordPlace } from './room.ts';
import { quoteLog } from './slot-log.ts';

export type Running = SlotObservation & { kind: 'running' };

export async function inspectInstance(room: Room, place: InstancePlace): Promise<SlotObservation> {
  const record = readRecord(recordPlace(room, place), room.log);
  const running = record && believe(room, record);
  if (running) return observe(room, place, running);
  room.looks.delete(logFileOf(room, place));
  if (record) await drained(logFileOf(room, place), room.clock);
  const lastExit = record && exitOf(room, place, record);
  const endedBy = record && endedByOf(record);
  return {
    kind: 'stopped',
    ...(lastExit === undefined ? {} : { lastExit }),
    ...(endedBy === undefined ? {} : { endedBy }),
    lastLog: record ? quoteLog(room, place, { envFiles: record.envFiles }) : [],
  };
}

/** The record of a process that exists. For a start that was cut short, it is completed by a search for its launch. */
export function believe(room: Room, record: SlotRecord): RunningRecord | undefined {
  if (record.state === 'stopped') return undefined;
  if (record.state === 'running') return isAlive(record.process) ? record : undefined;
  const found = leaderAmong(markedProcesses(room.mark).filter(({ launch }) => launch === record.launch));
  const process = found && identify(found.pid);
  if (!process) return undefined;
  const { bootId: _, ...launched } = record;
  return { ...launched, state: 'running', process };
}

export function observe(room: Room, place: InstancePlace, record: RunningRecord): Running {
  const processes = processesToMeasure({ launch: record.launch, process: record.process });
  const cpuTicks = processes.reduce((sum, stat) => sum + stat.cpuTicks, 0);
  return {
    kind: 'running',
    pid: record.process.pid,
    version: record.version,
    digest: record.digest,
    startedAt: record.startedAt,
    adopted: record.adopted,
    ...(record.startedWith ? { startedWith: record.startedWith } : {}),
    cpuPercent: cpuPercent(room, logFileOf(room, place), { pid: record.process.pid, cpuTicks, at: room.clock.now() }),
    memoryBytes: processes.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
  };
}

function cpuPercent(room: Room, slot: string, now: Look): number {
  const before = room.looks.get(slot);
  const seconds = before?.pid === now.pid ? (now.at - before.at) / 1000 : 0;
  // Two measurements that are closer than the kernel's clock tick show nothing: the earlier one stays.
  if (before && before.pid === now.pid && seconds < 0.1) return 0;
  room.looks.set(slot, now);
  if (!before || seconds <= 0) return 0;
  return Math.max(0, ((now.cpuTicks - before.cpuTicks) / ticksPerSecond / seconds) * 100);
}

export function exitOf(room: Room, place: InstancePlace, record: SlotRecord): string | undefined {
  if (record.state === 'stopped') return record.lastExit;
  const noted = readExit(recordPlace(room, place), record.launch);
  return noted ?? (bootOf(record) === currentBootId() ? undefined : 'the machine was restarted');
}

function endedByOf(record: SlotRecord): 'engine' | 'machine' | undefined {
  if (record.state === 'stopped') return 'engine';
  return bootOf(record) === currentBootId() ? undefined : 'machine';
}

function bootOf(record: LiveRecord): string {
  return record.state === 'running' ? record.process.bootId : record.bootId;
}
