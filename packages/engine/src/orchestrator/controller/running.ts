// Compares what runs with the configuration: what is changed, and when it takes effect. Never acts on it by itself; an
// instance retains what it was started with until its next start.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { HealthSettings } from '../../config/health/settings.ts';
import type { Settings, TargetSettings } from '../../config/settings.ts';
import { targetName } from '../../config/settings.ts';
import type { SlotKey } from '../../domain/target.ts';
import { type Addresses, describePlace, type RunningInstance } from '../../environment/environment.ts';

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

/** What runs in one environment, and how it says where. */
export interface Runs {
  readonly running: readonly RunningInstance[];
  readonly addresses: Addresses;
}

/** Pure. In the order of what runs. */
export function pendingChanges(settings: Pick<Settings, 'targets'>, runs: Runs): readonly PendingChange[] {
  return runs.running.flatMap((instance): readonly PendingChange[] => {
    const { service, target } = instance;
    const configured = settings.targets.find((each) => each.service === service && each.target === target);
    if (!configured) return [orphan(instance, runs)];
    return [...addressChange(configured, instance, runs), ...healthChange(configured, instance)];
  });
}

function orphan(instance: RunningInstance, { addresses }: Runs): PendingChange {
  const { service, target, slot, version } = instance;
  const print = printOf(['not-configured', slot, version, addresses.markOf(instance)]);
  const sentence = orphanSentence(instance, addresses.nameOf(instance));
  return { service, target, slot, kind: 'not-configured', sentence, print };
}

function orphanSentence(instance: RunningInstance, address: string): string {
  return `${describePlace(instance)} runs ${instance.version} on ${address}, and the configuration does not name it any more: nothing supervises it and nothing stops it. Put its name back, or stop it first under its old name`;
}

function addressChange(
  configured: TargetSettings,
  instance: RunningInstance,
  { running, addresses }: Runs,
): readonly PendingChange[] {
  const { service, target, slot, version } = instance;
  const wanted = addresses.configured({ service, target, slot }, configured.slots[slot]);
  const [before, after] = [addresses.markOf(instance), addresses.markOf(wanted)];
  if (before === after) return [];
  const holder = addresses.holderOf(wanted, running);
  const when =
    holder === undefined
      ? 'it takes effect at the next start of this slot'
      : `that address is in use by ${describePlace(holder)}, so no release can be started in ${slot} before that one ends`;
  const sentence = `${slot} of ${targetName(configured)} runs ${version} on ${addresses.nameOf(instance)}, the configuration says ${addresses.nameOf(wanted)}: ${when}`;
  // The kind is stored: it is the word of the first environment for an address.
  return [{ service, target, slot, kind: 'port', sentence, print: printOf(['port', slot, version, before, after]) }];
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
