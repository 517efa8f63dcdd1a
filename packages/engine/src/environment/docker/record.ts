// What the engine remembers of a slot across restarts: one small file per slot, replaced atomically. It is written before
// a container is started, so that a started container has a record.

import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SlotKey } from '../../domain/target.ts';
import { messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import type { Log } from '../../lib/log.ts';
import type { HealthRule, RunningInstance, StartedInstance } from '../environment.ts';
import { effectiveShape } from '../started-with.ts';

const container = z.object({
  /** The name of its Docker host. */
  host: z.string(),
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

export function recordFile(stateFolder: string, { service, target, slot }: SlotKey): string {
  return join(stateFolder, 'containers', service, target, `${slot}.json`);
}

/** Undefined when the slot was never used, or when its file cannot be parsed: that file is renamed to `.corrupt`. */
export function readRecord({ stateFolder, log }: Records, place: SlotKey): SlotRecord | undefined {
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

export function liveRecord(records: Records, place: SlotKey): LiveRecord | undefined {
  const record = readRecord(records, place);
  return record?.state === 'stopped' ? undefined : record;
}

export function writeRecord({ stateFolder }: Pick<Records, 'stateFolder'>, place: SlotKey, record: SlotRecord): void {
  writeFileAtomic(recordFile(stateFolder, place), `${JSON.stringify(record, null, 2)}\n`);
}

export function startedAs(records: Records, place: SlotKey): StartedInstance | undefined {
  const record = liveRecord(records, place);
  return record && instanceOf(record);
}

/** Under the slot's lock. */
export function judgeBy(records: Records, place: SlotKey, health: HealthRule): void {
  const record = liveRecord(records, place);
  if (record) writeRecord(records, place, { ...record, health: { ...health } });
}

/**
 * Every instance that should run, whether a configuration still names its slot or not. Docker is not asked: a host that
 * does not answer would make its instances look gone.
 */
export function recordedInstances(records: Records): readonly RunningInstance[] {
  return recordedSlots(records.stateFolder).flatMap((place) => {
    const record = liveRecord(records, place);
    return record ? [{ ...place, ...instanceOf(record) }] : [];
  });
}

/** Of every slot that was ever used, also of those that are no longer configured. */
export function recordedSlots(stateFolder: string): readonly SlotKey[] {
  const slots = join(stateFolder, 'containers');
  return folders(slots).flatMap((service) =>
    folders(join(slots, service)).flatMap((target) =>
      (['blue', 'green'] as const).map((slot) => ({ service, target, slot })),
    ),
  );
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
