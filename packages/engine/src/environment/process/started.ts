// How the slots of this state folder were started, from the records of their instances: addresses and health rules.

import { join } from 'node:path';
import type { SlotKey } from '../../domain/target.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import type { HealthRule, InstanceKey, RunningInstance, StartedInstance } from '../environment.ts';
import { folderMark } from '../launch-mark.ts';
import { isAlive } from '../proc-fs.ts';
import type { PartKey } from '../process-roles.ts';
import { instancesIn, rolesIn, slotsIn } from '../recorded-instances.ts';
import { leaderAmong, markedProcesses } from './launch.ts';
import { type LiveRecord, readRecord, writeRecord } from './record.ts';

interface Records {
  readonly stateFolder: string;
  readonly log: Log;
}

/** What all its instances have in common is read from the one that was started last. */
export function startedAs(records: Records, slot: PartKey): StartedInstance | undefined {
  const latest = latestOf(liveRecords(records, slot));
  return latest && instanceOf(latest.record);
}

/** Under the slot's lock. */
export function judgeBy(records: Records, slot: SlotKey, health: HealthRule): void {
  for (const { place, record } of liveRecords(records, slot))
    writeRecord({ stateFolder: records.stateFolder, place }, { ...record, health: { ...health } });
}

interface Live {
  readonly place: InstanceKey;
  readonly record: LiveRecord;
}

/** Of the instances that were started and not stopped since, whether they have ended by themselves or not. */
function liveRecords({ stateFolder, log }: Records, slot: PartKey): readonly Live[] {
  return recordedInstances(stateFolder, slot).flatMap((place): readonly Live[] => {
    const record = readRecord({ stateFolder, place }, log);
    return record && record.state !== 'stopped' ? [{ place, record }] : [];
  });
}

function latestOf(live: readonly Live[]): Live | undefined {
  return live.toSorted((one, other) => other.record.startedAt - one.record.startedAt)[0];
}

/** Every slot in which an instance runs now, whether a configuration still names it or not. */
export function runningInstances(stateFolder: string): readonly RunningInstance[] {
  return recordedSlots(stateFolder).flatMap((slot): readonly RunningInstance[] => {
    const live = liveRecords({ stateFolder, log: silentLog }, slot);
    const running = latestOf(live.filter(({ record }) => isRunning(stateFolder, record)));
    return running ? [{ ...slot, ...instanceOf(running.record) }] : [];
  });
}

/** Of the slot or of one of its roles, every one that was ever used, in order. The only one has no number. */
export const recordedInstances = (stateFolder: string, slot: PartKey): readonly InstanceKey[] =>
  instancesIn(join(stateFolder, 'slots'), slot);

/** Roles of which something was started in the slot and not stopped since. */
export const startedRoles = (records: Records, slot: SlotKey): readonly string[] =>
  rolesIn(join(records.stateFolder, 'slots'), slot).filter(
    (role) => liveRecords(records, { ...slot, role }).length > 0,
  );

/** Of every slot that was ever used and of its roles, also of those that are no longer configured. */
export const recordedParts = (stateFolder: string): readonly PartKey[] =>
  recordedSlots(stateFolder).flatMap((slot) => [
    slot,
    ...rolesIn(join(stateFolder, 'slots'), slot).map((role) => ({ ...slot, role })),
  ]);

const recordedSlots = (stateFolder: string): readonly SlotKey[] => slotsIn(join(stateFolder, 'slots'));

function isRunning(stateFolder: string, record: LiveRecord): boolean {
  if (record.state === 'running') return isAlive(record.process);
  const ours = markedProcesses(folderMark(stateFolder)).filter(({ launch }) => launch === record.launch);
  return leaderAmong(ours) !== undefined;
}

function instanceOf({ version, digest, port, ports, health }: LiveRecord): StartedInstance {
  // Written from HealthRule and from nowhere else; fields that a later version has come from the configuration.
  const [first = port] = ports ?? [];
  const where = { port: first, ...(ports ? { ports } : {}) };
  return { version, digest, ...where, health: health as Partial<HealthRule> | undefined };
}
