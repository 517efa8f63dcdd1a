// Keeps users on a healthy side while no deployment runs. When a live side hangs, reports itself unhealthy or crashes
// again and again, the guard moves its users to the warm standby or restarts it, and calls a person.

import { otherSlot, type SlotName } from '../../../domain/target.ts';
import { serves } from '../../../environment/health-state.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { guardKey, putSnapshot } from '../../../state/snapshots.ts';
import type { Tx } from '../../../state/store.ts';
import { readSlot, type SlotRow } from '../../../state/targets.ts';
import { type Core, healthOf, placeOf, releaseFiles, slotMutex, type Target, type TargetContext } from '../../core.ts';
import { activeSide } from '../../gates/facts.ts';
import { startAsItIs } from '../../plan/release-settings.ts';
import { mayRestart, standingOf } from '../../routing/standing.ts';
import { seenIn } from '../../seen-side.ts';
import { decideRollback } from '../../verbs/go-back.ts';
import { smokeProblem } from '../smoke/side-smoke.ts';
import { decideGuard, type GuardDecision, type GuardMemory, type Illness, within } from './decide.ts';
import { judgedProblem } from './judged.ts';
import { crashesOf, readMemory, sideOf } from './memory.ts';
import { illnessOf, isReady, isUpFor, snapshotOf } from './sides.ts';

/** A hung process does not react to SIGTERM, and its users wait. */
const hungGraceMs = 2_000;

interface Ill extends TargetContext {
  readonly row: SlotRow & { readonly version: string };
  readonly illness: Illness;
  readonly problem: string;
}

/** After each check of both sides. */
export async function guardLiveSide(targetContext: TargetContext): Promise<void> {
  const { core, target } = targetContext;
  const { db } = core.store;
  const active = activeSide(core, target);
  if (!active) return;
  const row = readSlot(db, target.key, active.slot);
  const memory = readMemory(db, target.key);
  const seen = snapshotOf(core, target, row);
  if (serves(seen?.state.condition)) endIncident(targetContext, memory, row);
  const illness = illnessOf(core, target, { row, seen, memory });
  const { settings } = target;
  const now = core.clock.monotonic();
  const illForMs = (seen?.state.failures ?? 0) * healthOf(target, active.slot).intervalMs;
  const standbyReady = isReady(core, target, { slot: otherSlot(active.slot), illForMs, illness });
  const decision = decideGuard({ illness, side: sideOf(row), standbyReady, settings: settings.guard, memory, now });
  if (decision.kind === 'nothing' || row.version === null || isAtWork(core, target, active.slot)) return;
  const problem =
    (illness === 'smoke-failing'
      ? smokeProblem(core, target, row)
      : illness === 'judged-bad'
        ? judgedProblem(core, target, row)
        : seen?.state.problem) ?? 'no reason given';
  await carryOut(
    { ...targetContext, row: { ...row, version: row.version }, illness: decision.illness, problem },
    decision,
  );
}

function endIncident({ core, target, lease }: TargetContext, memory: GuardMemory, row: SlotRow): void {
  const { handled, ...rest } = memory;
  if (handled === undefined) return;
  const { guard } = target.settings;
  // A side that crashes again and again is healthy in between.
  if (handled.side === sideOf(row)) {
    const crashes = crashesOf(memory, row, guard, core.clock.monotonic()).length;
    if (handled.illness === 'crash-loop' && crashes >= guard.crashes) return;
    if (handled.illness === 'smoke-failing' && smokeProblem(core, target, row) !== undefined) return;
    if (handled.illness === 'judged-bad' && judgedProblem(core, target, row) !== undefined) return;
  }
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, guardKey(target.key), rest, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'guard-ended',
      code: handled.illness,
      sentence: `${row.version} in ${row.slot} is live and healthy`,
      detail: { slot: row.slot, version: row.version },
    });
  });
}

/** A deployment that works on this side reverts it itself. */
function isAtWork({ store }: Core, { key }: Target, slot: SlotName): boolean {
  const live = liveDeployment(store.db, key);
  return live !== undefined && (live.slot === slot || live.promotedAt !== null);
}

async function carryOut(ill: Ill, decision: Exclude<GuardDecision, { kind: 'nothing' }>): Promise<void> {
  const { settings } = ill.target;
  if (decision.kind === 'exhausted') {
    const { atMost, withinMs } = settings.guard;
    return say(
      ill,
      'guard-exhausted',
      `the guard has acted ${atMost} times within ${Math.round(withinMs / 60_000)} minutes, so a person must act`,
    );
  }
  switch (decision.action) {
    case 'rollback':
      return goBack(ill);
    case 'restart':
      return restart(ill);
    case 'page':
      return say(ill, 'guard-paged', 'the guard only pages a person for this');
    default:
      return decision.action satisfies never;
  }
}

function goBack(ill: Ill): void {
  const { core, target, lease, row } = ill;
  const other = readSlot(core.store.db, target.key, otherSlot(row.slot));
  core.store.under(lease).write((tx) => {
    if (liveDeployment(tx.db, target.key)) return;
    const reason = `${row.version} in ${row.slot} ${whatIsWrong(ill)}`;
    const begun = decideRollback(core, tx, target, {
      ...target.key,
      version: other.version ?? '',
      actor: { kind: 'engine' },
      reason,
    });
    const sentence = begun.ok
      ? `users go back to ${other.version} in ${other.slot}, which is healthy`
      : `users cannot go back: ${begun.refusal.sentence}`;
    remember(tx, ill, begun.ok ? 'act' : 'call');
    audit(tx, ill, {
      action: begun.ok ? 'guard-acted' : 'guard-paged',
      sentence,
      did: begun.ok ? 'rollback' : 'nothing',
    });
  });
}

async function restart(ill: Ill): Promise<void> {
  const { core, target, lease, row } = ill;
  if (!mayRestart(await standingOf({ core, target, token: lease.token }), { core, target }, row.slot)) return;
  await core.mutex(slotMutex(target, row.slot), async () => {
    const now = readSlot(core.store.db, target.key, row.slot);
    const release = releaseFiles(core, row.service, row.version);
    if (!release || now.role !== 'active' || sideOf(now) !== sideOf(row)) return;
    const seen = await seenIn({ core, target }, row.slot);
    if (!seen) return say(ill, 'guard-paged', 'its environment does not answer, so it is not restarted');
    // What has just been started, after a crash for instance, may still be coming up; what has ended is started anyway.
    if (seen.kind === 'stopped' || !isUpFor(core, seen.startedAt, healthOf(target, row.slot).startupMs)) return;
    core.store.under(lease).write((tx) => {
      remember(tx, ill, 'act');
      audit(tx, ill, {
        action: 'guard-acted',
        sentence: 'no healthy standby exists, so it is restarted',
        did: 'restart',
      });
    });
    await target.environment.stop(placeOf(target, row.slot), Math.min(hungGraceMs, target.settings.graceMs));
    await startAsItIs(target, row.slot, release);
  });
}

function say(ill: Ill, action: 'guard-paged' | 'guard-exhausted', sentence: string): void {
  ill.core.store.under(ill.lease).write((tx) => {
    remember(tx, ill, 'call');
    audit(tx, ill, { action, sentence, did: 'nothing' });
  });
}

function remember(tx: Tx, { core, target: { key, settings }, row, illness }: Ill, what: 'act' | 'call'): void {
  const memory = readMemory(tx.db, key);
  const now = core.clock.monotonic();
  const before = within(memory.acts, settings.guard, now);
  const acts = (what === 'act' ? [...before, now] : before).slice(-settings.guard.atMost);
  const againAt = what === 'act' ? now + settings.health.startupMs : undefined;
  putSnapshot(tx.db, guardKey(key), { ...memory, acts, handled: { side: sideOf(row), illness, againAt } }, tx.now);
}

interface Said {
  readonly action: 'guard-acted' | 'guard-paged' | 'guard-exhausted';
  readonly sentence: string;
  readonly did: 'rollback' | 'restart' | 'nothing';
}

function audit(tx: Tx, ill: Ill, { action, sentence, did }: Said): void {
  const { target, row, illness } = ill;
  tx.audit({
    ...target.key,
    actor: 'engine',
    action,
    code: illness,
    sentence: `${row.version} in ${row.slot} ${whatIsWrong(ill)}; ${sentence}`,
    detail: { slot: row.slot, version: row.version, did },
  });
}

function whatIsWrong({ illness, problem, target }: Ill): string {
  switch (illness) {
    case 'unresponsive':
      return `does not answer (${problem})`;
    case 'unhealthy':
      return `is unhealthy (${problem})`;
    case 'smoke-failing':
      return `fails its smoke tests again and again (${problem})`;
    case 'judged-bad':
      return `fails its users (${problem})`;
    case 'crash-loop': {
      const { crashes, withinMs } = target.settings.guard;
      return `crashed ${crashes} times within ${Math.round(withinMs / 60_000)} minutes`;
    }
    default:
      return illness satisfies never;
  }
}
