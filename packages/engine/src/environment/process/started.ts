// How the instances of this state folder were started, from their records: their addresses and health rules.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../../domain/target.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import type { HealthRule, RunningInstance, StartedInstance } from '../environment.ts';
import { folderMark } from '../launch-mark.ts';
import { isAlive } from '../proc-fs.ts';
import { leaderAmong, markedProcesses } from './launch.ts';
import { type LiveRecord, readRecord, writeRecord } from './record.ts';

interface Records {
  readonly stateFolder: string;
  readonly log: Log;
}

export function startedAs({ stateFolder, log }: Records, place: SlotKey): StartedInstance | undefined {
  const record = readRecord({ stateFolder, place }, log);
  return record && record.state !== 'stopped' ? instanceOf(record) : undefined;
}

/** Under the slot's lock. */
export function judgeBy({ stateFolder, log }: Records, place: SlotKey, health: HealthRule): void {
  const record = readRecord({ stateFolder, place }, log);
  if (record && record.state !== 'stopped') writeRecord({ stateFolder, place }, { ...record, health: { ...health } });
}

/** Every instance that runs now, whether a configuration still names its slot or not. */
export function runningInstances(stateFolder: string): readonly RunningInstance[] {
  return recordedSlots(stateFolder).flatMap((place): readonly RunningInstance[] => {
    const record = readRecord({ stateFolder, place }, silentLog);
    return record && record.state !== 'stopped' && isRunning(stateFolder, record)
      ? [{ ...place, ...instanceOf(record) }]
      : [];
  });
}

/** Of every slot that was ever used, also of those that are no longer configured. */
export function recordedSlots(stateFolder: string): readonly SlotKey[] {
  const slots = join(stateFolder, 'slots');
  return folders(slots).flatMap((service) =>
    folders(join(slots, service)).flatMap((target) =>
      (['blue', 'green'] as const).map((slot) => ({ service, target, slot })),
    ),
  );
}

function isRunning(stateFolder: string, record: LiveRecord): boolean {
  if (record.state === 'running') return isAlive(record.process);
  const ours = markedProcesses(folderMark(stateFolder)).filter(({ launch }) => launch === record.launch);
  return leaderAmong(ours) !== undefined;
}

function instanceOf({ version, digest, port, health }: LiveRecord): StartedInstance {
  // Written from HealthRule and from nowhere else; fields that a later version has come from the configuration.
  return { version, digest, port, health: health as Partial<HealthRule> | undefined };
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}
