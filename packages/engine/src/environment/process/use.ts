// What an instance takes of the machine: the sum over its processes, as the kernel reports them.

import type { InstancePlace } from '../environment.ts';
import { openFileCount, type ProcessStat, residentBytes, threadCount, ticksPerSecond } from '../proc-fs.ts';
import type { InstanceUse } from '../usage.ts';
import { believe } from './inspect.ts';
import { processesToMeasure } from './launch.ts';
import { readRecord } from './record.ts';
import { type Room, recordPlace } from './room.ts';

/** Undefined for an instance that does not run. */
export function useOfInstance(room: Room, place: InstancePlace): InstanceUse | undefined {
  const record = readRecord(recordPlace(room, place), room.log);
  const running = record && believe(room, record);
  if (!running) return undefined;
  const processes = processesToMeasure({ launch: running.launch, process: running.process });
  return {
    instance: place.instance ?? 1,
    startedAt: running.startedAt,
    cpuMs: processes.reduce((sum, { cpuTicks }) => sum + (cpuTicks * 1000) / ticksPerSecond, 0),
    memoryBytes: processes.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    openFiles: totalOf(processes, openFileCount),
    threads: totalOf(processes, threadCount),
  };
}

/** A sum without one of its parts would be a number of something else. */
function totalOf(processes: readonly ProcessStat[], count: (pid: number) => number | undefined): number | undefined {
  let total = 0;
  for (const { pid } of processes) {
    const found = count(pid);
    if (found === undefined) return undefined;
    total += found;
  }
  return processes.length === 0 ? undefined : total;
}
