// What the engine remembers of a slot across restarts: one small file per instance, replaced atomically.
// It is written before a process is spawned, so that every process has a record.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import type { Log } from '../../lib/log.ts';
import type { InstanceKey } from '../environment.ts';
import { partName } from '../recorded-instances.ts';
import { effectiveShape } from '../started-with.ts';

const processIdentity = z.object({ pid: z.int().positive(), startTicks: z.int().nonnegative(), bootId: z.string() });

const launched = {
  /** Undefined for an adopted process. */
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
  /** Undefined for an adopted process, and in records of an earlier version. */
  startedWith: effectiveShape.optional(),
  /** Read by name and merged over the configured rule, so that a rule of an earlier version stays readable. */
  health: z.record(z.string(), z.unknown()).readonly().optional(),
};

const slotRecord = z.discriminatedUnion('state', [
  /** Written ahead: a process with this launch may exist. */
  z.object({ state: z.literal('starting'), bootId: z.string(), ...launched }),
  z.object({ state: z.literal('running'), process: processIdentity, ...launched }),
  z.object({ state: z.literal('stopped'), lastExit: z.string(), envFiles: z.array(z.string()).readonly() }),
]);

export type SlotRecord = Readonly<z.infer<typeof slotRecord>>;
export type LiveRecord = Exclude<SlotRecord, { state: 'stopped' }>;
export type RunningRecord = Extract<SlotRecord, { state: 'running' }>;

const exitRecord = z.object({ launch: z.string(), exit: z.string() });

/** Where an instance's files are. */
export interface RecordPlace {
  readonly stateFolder: string;
  readonly place: InstanceKey;
}

export function recordFile({ stateFolder, place }: RecordPlace): string {
  return join(stateFolder, 'slots', place.service, place.target, `${partName(place)}.json`);
}

/** Undefined when the slot was never used, or when its file cannot be parsed: that file is renamed to `.corrupt`. */
export function readRecord(where: RecordPlace, log: Log): SlotRecord | undefined {
  const file = recordFile(where);
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

export function writeRecord(where: RecordPlace, record: SlotRecord): void {
  writeFileAtomic(recordFile(where), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * How a process ended, recorded by the engine that started it. A separate file: it is written when the process ends, at
 * any time, so it must never overwrite a record that another engine has written since.
 */
export function writeExit(where: RecordPlace, launch: string, exit: string): void {
  writeFileAtomic(exitFile(where), `${JSON.stringify({ launch, exit })}\n`);
}

/** Undefined when no engine saw the end. */
export function readExit(where: RecordPlace, launch: string | undefined): string | undefined {
  const text = readFileIfAny(exitFile(where));
  if (text === undefined) return undefined;
  try {
    const noted = exitRecord.parse(JSON.parse(text));
    return noted.launch === launch ? noted.exit : undefined;
  } catch {
    return undefined;
  }
}

function exitFile(where: RecordPlace): string {
  return recordFile(where).replace(/\.json$/, '.exit.json');
}
