// What the guard knows of both sides at their last checks.

import type { SlotName } from '../../../domain/target.ts';
import { serves } from '../../../environment/health-state.ts';
import { getSnapshot, slotKey } from '../../../state/snapshots.ts';
import { readQuarantine, readSlot, type SlotRow } from '../../../state/targets.ts';
import { type Core, healthOf, type Target } from '../../core.ts';
import { lostFor } from '../../schema/observe.ts';
import { isWarm } from '../../verbs/rollback-target.ts';
import type { SlotSnapshot } from '../side-health.ts';
import { isFailingNow, isPassingNow, smokeProblem } from '../smoke/side-smoke.ts';
import type { GuardMemory, Illness } from './decide.ts';
import { judgedProblem } from './judged.ts';
import { crashesOf } from './memory.ts';

export function illnessOf(
  core: Core,
  target: Target,
  { row, seen, memory }: { row: SlotRow; seen: SlotSnapshot | undefined; memory: GuardMemory },
): Illness | undefined {
  const { guard } = target.settings;
  if (crashesOf(memory, row, guard, core.clock.monotonic()).length >= guard.crashes) return 'crash-loop';
  // A process that has just ended is unhealthy at once; it is started again before anything else is tried.
  if (seen?.state.condition !== 'unhealthy' || seen.state.failures < healthOf(target, row.slot).failures)
    return illOf(core, target, row);
  return seen.state.answered === true ? 'unhealthy' : 'unresponsive';
}

/** A side whose health is good. */
function illOf(core: Core, target: Target, row: SlotRow): Illness | undefined {
  if (isFailingNow(core, target, row)) return 'smoke-failing';
  return judgedProblem(core, target, row) === undefined ? undefined : 'judged-bad';
}

/**
 * As users would find it at the last check. A standby that came up after the illness began proves nothing: after the
 * start of a machine both sides are started, and the live one may merely need longer.
 */
export function isReady(
  core: Core,
  target: Target,
  { slot, illForMs, illness }: { slot: SlotName; illForMs: number; illness: Illness | undefined },
): boolean {
  const row = readSlot(core.store.db, target.key, slot);
  if (!isWarm(row) || row.label !== null) return false;
  const seen = snapshotOf(core, target, row);
  return (
    seen !== undefined &&
    serves(seen.state.condition) &&
    seen.state.failures === 0 &&
    isUpFor(core, seen.startedAt ?? 0, illForMs) &&
    (illness === 'smoke-failing' ? isPassingNow : isNotFailing)(core, target, row) &&
    readQuarantine(core.store.db, row.digest) === undefined &&
    lostFor(core, target, row.version) === undefined
  );
}

const isNotFailing = (core: Core, target: Target, row: SlotRow): boolean =>
  smokeProblem(core, target, row) === undefined;

/** A start in the future was before the clock was set back. */
export function isUpFor({ clock }: Core, startedAt: number, ms: number): boolean {
  const ageMs = clock.now() - startedAt;
  return ageMs >= ms || ageMs < 0;
}

export function snapshotOf({ store }: Core, { key }: Target, row: SlotRow): SlotSnapshot | undefined {
  const seen = getSnapshot<SlotSnapshot>(store.db, slotKey(key, row.slot))?.value;
  return seen && seen.version === row.version && seen.deploymentId === row.deploymentId ? seen : undefined;
}
