// What the continuous smoke tests last found on a side, for every reader. `nextSmoke` is pure.

import type { SlotName } from '../../../domain/target.ts';
import { getSnapshot, slotKey, smokeKey } from '../../../state/snapshots.ts';
import type { SlotRow } from '../../../state/targets.ts';
import type { Core, Target } from '../../core.ts';
import type { SlotSnapshot } from '../side-health.ts';

export interface SideSmoke {
  /** The result belongs to what this deployment started. */
  readonly deploymentId: string | null;
  readonly version: string | null;
  /** As it was last announced: it outlives a restart of the side. */
  readonly condition: 'unknown' | 'passing' | 'failing';
  /** Failed runs in a row, of the present process alone. */
  readonly failures: number;
  /** Names the process. */
  readonly life: number | undefined;
  readonly passed: number;
  readonly of: number;
  readonly ms: number;
  /** Of the last run: the first test that failed, and why. */
  readonly problem?: string | undefined;
}

export type SmokeRun = Pick<SideSmoke, 'passed' | 'of' | 'ms' | 'problem' | 'life'>;

/** After one run. The runs of a restarted side are counted from the beginning. */
export function nextSmoke(
  before: SideSmoke | undefined,
  run: SmokeRun,
  { failures: limit }: { readonly failures: number },
): Pick<SideSmoke, 'condition' | 'failures'> {
  if (run.problem === undefined) return { condition: 'passing', failures: 0 };
  const earlier = before !== undefined && before.life === run.life ? before.failures : 0;
  const failures = earlier + 1;
  return { condition: failures >= limit ? 'failing' : (before?.condition ?? 'unknown'), failures };
}

/** Of what is in the slot now; undefined while it was not tested. */
export function smokeOf(
  { store }: Core,
  { key }: Target,
  row: SlotRow,
): (SideSmoke & { readonly at: number }) | undefined {
  const found = getSnapshot<SideSmoke>(store.db, smokeKey(key, row.slot));
  if (found?.value.version !== row.version || found.value.deploymentId !== row.deploymentId) return undefined;
  return { ...found.value, at: found.at };
}

/** Why the side is not fit for users by its smoke tests; undefined when it passes, or is not tested. */
export function smokeProblem(core: Core, target: Target, row: SlotRow): string | undefined {
  if (target.settings.continuousSmoke === undefined) return undefined;
  const smoke = smokeOf(core, target, row);
  return smoke?.condition === 'failing' ? (smoke.problem ?? 'its smoke tests failed') : undefined;
}

/** The last run, and all that count before it, have failed in the process that runs now. */
export function isFailingNow(core: Core, target: Target, row: SlotRow): boolean {
  const rule = target.settings.continuousSmoke;
  const smoke = smokeOf(core, target, row);
  return (
    rule !== undefined &&
    smoke?.condition === 'failing' &&
    smoke.failures >= rule.failures &&
    smoke.life === lifeOf(core, target, row.slot)
  );
}

export function isPassingNow(core: Core, target: Target, row: SlotRow): boolean {
  const smoke = smokeOf(core, target, row);
  return smoke?.condition === 'passing' && smoke.failures === 0;
}

/** As the last check of its health saw it. */
export function lifeOf({ store }: Core, { key }: Target, slot: SlotName): number | undefined {
  const seen = getSnapshot<SlotSnapshot>(store.db, slotKey(key, slot))?.value;
  return seen?.pid ?? seen?.startedAt;
}
