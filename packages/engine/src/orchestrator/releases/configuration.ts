// Compares what both slots were started with to each other and to what a start would use now. Reports only names:
// values are stored nowhere.

import type { SlotName } from '../../domain/target.ts';
import { differences, unexplained } from '../../environment/effective.ts';
import type { Effective } from '../../environment/environment.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { configurationKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import { readSlot } from '../../state/targets.ts';
import { type Core, placeOf, releaseFiles, type Target, type TargetContext } from '../core.ts';
import { preflight, runSettingsOf } from '../plan/release-settings.ts';

export interface SlotChange {
  /** Variables that a start would give other values now. */
  readonly variables: readonly string[];
  readonly command: boolean;
  /** Why it could not be started at all now. */
  readonly problem: string | undefined;
}

interface Seen {
  readonly slots: Readonly<Partial<Record<SlotName, SlotChange & { readonly version: string }>>>;
  /** What differs between the two slots and was reported. */
  readonly reported: readonly string[];
}

/** Undefined before the first check, and while a start would use the same settings again. */
export function readSlotChange(core: Core, { key }: Target, slot: SlotName, version: string): SlotChange | undefined {
  const seen = getSnapshot<Seen>(core.store.db, configurationKey(key))?.value.slots[slot];
  if (seen?.version !== version) return undefined;
  return seen.variables.length > 0 || seen.command || seen.problem !== undefined ? seen : undefined;
}

interface Side {
  readonly slot: SlotName;
  readonly role: string;
  readonly version: string;
  readonly startedWith: Effective;
  /** Whether its command is the configuration's, so that it can be compared with the other's. */
  readonly isConfigured: boolean;
  readonly change: SlotChange;
}

/** @throws BlueGreenError `fenced-out` */
export async function lookAtConfiguration({ core, target, lease }: TargetContext): Promise<void> {
  const sides = (await Promise.all([sideOf(core, target, 'blue'), sideOf(core, target, 'green')])).filter(
    (side) => side !== undefined,
  );
  const [one, other] = sides;
  const differing = one && other ? between(one, other) : [];
  const before = getSnapshot<Seen>(core.store.db, configurationKey(target.key))?.value.reported ?? [];
  const slots = Object.fromEntries(sides.map(({ slot, version, change }) => [slot, { ...change, version }]));
  const seen: Seen = { slots, reported: differing };
  const isNews = differing.length > 0 && differing.join() !== before.join();
  if (!one || !other || !isNews) {
    core.store.note((db, now) => putSnapshot(db, configurationKey(target.key), seen, now));
    return;
  }
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, configurationKey(target.key), seen, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'configuration-differs',
      sentence: `${nameOf(one)} and ${nameOf(other)} were not started with the same configuration: ${namesText(differing)}`,
      detail: {
        variables: differing.slice(0, mostNames),
        slots: sides.map(({ slot, role, version }) => ({ slot, role, version })),
      },
    });
  });
}

const nameOf = ({ slot, version, role }: Side): string => `${version} (${role} in ${slot})`;

const mostNames = 100;
const mostReported = 20;

function namesText(names: readonly string[]): string {
  const more = names.length - mostReported;
  return `${names.slice(0, mostReported).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const commandWord = 'the command';

function between(one: Side, other: Side): readonly string[] {
  const names = unexplained(one.startedWith, other.startedWith);
  if (!names) return [];
  const isOther = one.isConfigured && other.isConfigured && one.startedWith.command !== other.startedWith.command;
  return [...names, ...(isOther ? [commandWord] : [])];
}

async function sideOf(core: Core, target: Target, slot: SlotName): Promise<Side | undefined> {
  const { role, version } = readSlot(core.store.db, target.key, slot);
  const release = role === 'idle' || version === null ? undefined : releaseFiles(core, target.key.service, version);
  const seen = release && (await target.environment.inspect(placeOf(target, slot)));
  if (!release || seen?.kind !== 'running' || !seen.startedWith || seen.version !== release.version) return undefined;
  const { startedWith } = seen;
  try {
    const now = preflight(target, slot, release);
    const isConfigured = runSettingsOf(target, release).commandFrom === 'configuration';
    const variables = (differences(startedWith, now) ?? []).slice(0, mostNames);
    const command = startedWith.key === now.key && startedWith.command !== now.command;
    const change = { variables, command, problem: undefined };
    return { slot, role, version: release.version, startedWith, isConfigured, change };
  } catch (thrown) {
    if (!(thrown instanceof BlueGreenError)) throw thrown;
    const change = { variables: [], command: false, problem: thrown.message };
    return { slot, role, version: release.version, startedWith, isConfigured: false, change };
  }
}
