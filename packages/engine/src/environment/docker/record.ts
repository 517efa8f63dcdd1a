// What the engine remembers of a slot across restarts: one small file per instance, replaced atomically. It is written before
// a container is started, so that a started container has a record.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SlotKey } from '../../domain/target.ts';
import { messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import type { Log } from '../../lib/log.ts';
import type { HealthRule, InstanceKey, RunningInstance, StartedInstance } from '../environment.ts';
import { instancesIn, numberSuffix, slotsIn } from '../recorded-instances.ts';
import { effectiveShape } from '../started-with.ts';

const container = z.object({
  /** The name of its Docker host. */
  host: z.string(),
  /** Where load balancers reach it. Undefined in a record of an earlier version: where the configuration says. */
  endpointHost: z.string().optional(),
  /** Its image has a HEALTHCHECK. */
  hasCheck: z.boolean().optional(),
  id: z.string(),
  /** As Docker has it; undefined before the container was started. Docker changes it with each start. */
  startedAt: z.string().optional(),
});

const launched = {
  /** Undefined for an adopted container. */
  launch: z.string().optional(),
  version: z.string(),
  digest: z.string(),
  port: z.int(),
  /** Of all instances of the slot as they are now, in order. Undefined: the slot has one. */
  ports: z.array(z.int()).readonly().optional(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  adopted: z.boolean(),
  /** Read again to mask their values in quoted log lines; the values themselves are never stored. */
  envFiles: z.array(z.string()).readonly(),
  /** Undefined for an adopted container. */
  startedWith: effectiveShape.optional(),
  /** Read by name and merged over the configured rule, so that a rule of an earlier version stays readable. */
  health: z.record(z.string(), z.unknown()).readonly().optional(),
  container: container.readonly(),
};

const slotRecord = z.discriminatedUnion('state', [
  /** Written ahead: the container may have been started. */
  z.object({ state: z.literal('starting'), ...launched }),
  z.object({ state: z.literal('running'), ...launched }),
  z.object({ state: z.literal('stopped'), lastExit: z.string(), envFiles: z.array(z.string()).readonly() }),
]);

export type SlotRecord = Readonly<z.infer<typeof slotRecord>>;
export type LiveRecord = Exclude<SlotRecord, { state: 'stopped' }>;

export interface Records {
  readonly stateFolder: string;
  readonly log: Log;
}

export function recordFile(stateFolder: string, place: InstanceKey): string {
  return join(recordsIn(stateFolder), place.service, place.target, `${place.slot}${numberSuffix(place)}.json`);
}

export const recordsIn = (stateFolder: string): string => join(stateFolder, 'containers');

/** Undefined when the slot was never used, or when its file cannot be parsed: that file is renamed to `.corrupt`. */
export function readRecord({ stateFolder, log }: Records, place: InstanceKey): SlotRecord | undefined {
  const file = recordFile(stateFolder, place);
  const text = readFileIfAny(file);
  if (text === undefined) return undefined;
  try {
    return slotRecord.parse(JSON.parse(text));
  } catch (thrown) {
    log.error({ file, problem: messageOf(thrown) }, 'a slot file cannot be understood; it was renamed to .corrupt');
    renameSync(file, `${file}.corrupt`);
    return undefined;
  }
}

export function liveRecord(records: Records, place: InstanceKey): LiveRecord | undefined {
  const record = readRecord(records, place);
  return record?.state === 'stopped' ? undefined : record;
}

export function writeRecord(
  { stateFolder }: Pick<Records, 'stateFolder'>,
  place: InstanceKey,
  record: SlotRecord,
): void {
  writeFileAtomic(recordFile(stateFolder, place), `${JSON.stringify(record, null, 2)}\n`);
}

/** Of the instances that were started and not stopped since, whether they have ended by themselves or not. */
export function liveRecords(records: Records, slot: SlotKey): readonly LiveRecord[] {
  return recordedInstances(records.stateFolder, slot).flatMap((place) => liveRecord(records, place) ?? []);
}

/** What all its instances have in common is read from the one that was started last. */
export function startedAs(records: Records, slot: SlotKey): StartedInstance | undefined {
  const [latest] = liveRecords(records, slot).toSorted((one, other) => other.startedAt - one.startedAt);
  return latest && instanceOf(latest);
}

/** Under the slot's lock. */
export function judgeBy(records: Records, slot: SlotKey, health: HealthRule): void {
  for (const place of recordedInstances(records.stateFolder, slot)) {
    const record = liveRecord(records, place);
    if (record) writeRecord(records, place, { ...record, health: { ...health } });
  }
}

/**
 * Every slot in which an instance should run, whether a configuration still names it or not. Docker is not asked: a host
 * that does not answer would make its instances look gone.
 */
export function runningInstances(records: Records): readonly RunningInstance[] {
  return recordedSlots(records.stateFolder).flatMap((slot) => {
    const started = startedAs(records, slot);
    return started ? [{ ...slot, ...started }] : [];
  });
}

/** Of the slot, every one that was ever used, in order. The only instance of a slot has no number. */
export const recordedInstances = (stateFolder: string, slot: SlotKey): readonly InstanceKey[] =>
  instancesIn(recordsIn(stateFolder), slot);

const recordedSlots = (stateFolder: string): readonly SlotKey[] => slotsIn(recordsIn(stateFolder));

function instanceOf({ version, digest, port, ports, health }: LiveRecord): StartedInstance {
  // Written from HealthRule and from nowhere else; fields that a later version has come from the configuration.
  const [first = port] = ports ?? [];
  const where = { port: first, ...(ports ? { ports } : {}) };
  return { version, digest, ...where, health: health as Partial<HealthRule> | undefined };
}
