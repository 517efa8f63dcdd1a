// Compares what runs with the configuration: what is changed, and when it takes effect. Never acts on it by itself; an
// instance retains what it was started with until its next start.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { HealthSettings } from '../../config/health/settings.ts';
import type { Settings, TargetSettings } from '../../config/settings.ts';
import { targetName } from '../../config/settings.ts';
import type { SlotKey } from '../../domain/target.ts';
import { describePlace, type RunningInstance } from '../../environment/environment.ts';

export interface PendingChange extends SlotKey {
  readonly kind: 'not-configured' | 'port' | 'health';
  readonly sentence: string;
  /** Made from the old and new settings, values included; reveals none. Equal prints are the same change. */
  readonly print: string;
}

/** What a button was drawn for; undefined where nothing differs. */
export function digestOfChanges(changes: readonly Pick<PendingChange, 'print'>[]): string | undefined {
  return changes.length === 0 ? undefined : printOf(changes.map(({ print }) => print));
}

const printOf = (what: unknown): string => createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);

/** Pure. In the order of what runs. */
export function pendingChanges(
  settings: Pick<Settings, 'targets'>,
  running: readonly RunningInstance[],
): readonly PendingChange[] {
  return running.flatMap((instance): readonly PendingChange[] => {
    const { service, target } = instance;
    const configured = settings.targets.find((each) => each.service === service && each.target === target);
    if (!configured) return [orphan(instance)];
    return [...portChange(configured, instance, running), ...healthChange(configured, instance)];
  });
}

function orphan(instance: RunningInstance): PendingChange {
  const { service, target, slot, version, port } = instance;
  const print = printOf(['not-configured', slot, version, port]);
  return { service, target, slot, kind: 'not-configured', sentence: orphanSentence(instance), print };
}

function orphanSentence(instance: RunningInstance): string {
  return `${describePlace(instance)} runs ${instance.version} on port ${instance.port}, and the configuration does not name it any more: nothing supervises it and nothing stops it. Put its name back, or stop it first under its old name`;
}

function portChange(
  configured: TargetSettings,
  { service, target, slot, version, port }: RunningInstance,
  running: readonly RunningInstance[],
): readonly PendingChange[] {
  const wanted = configured.slots[slot].port;
  if (wanted === port) return [];
  const holder = running.find((each) => each.port === wanted);
  const when =
    holder === undefined
      ? 'it takes effect at the next start of this slot'
      : `that port is in use by ${describePlace(holder)}, so no release can be started in ${slot} before that one ends`;
  const sentence = `${slot} of ${targetName(configured)} runs ${version} on port ${port}, the configuration says ${wanted}: ${when}`;
  return [{ service, target, slot, kind: 'port', sentence, print: printOf(['port', slot, version, port, wanted]) }];
}

function healthChange(
  configured: TargetSettings,
  { service, target, slot, version, health }: RunningInstance,
): readonly PendingChange[] {
  const names = changedFields(configured.health, health);
  if (names.length === 0) return [];
  const sentence = `${slot} of ${targetName(configured)} runs ${version} and is judged by the health rule it was started with; changed since: ${names.join(', ')}. It takes effect at the next start, or now with \`bg config apply\``;
  return [
    {
      service,
      target,
      slot,
      kind: 'health',
      sentence,
      print: printOf(['health', slot, version, health, configured.health]),
    },
  ];
}

/** Names of the fields of the health rule that differ from what was recorded. */
export function changedFields(now: HealthSettings, recorded: Partial<HealthSettings> | undefined): readonly string[] {
  if (recorded === undefined) return [];
  return Object.entries(now).flatMap(([name, value]) => {
    const before = Object.hasOwn(recorded, name) ? recorded[name as keyof HealthSettings] : value;
    return isDeepStrictEqual(plain(before), plain(value)) ? [] : [name];
  });
}

/** As it is read back from a file: without fields that are undefined. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
