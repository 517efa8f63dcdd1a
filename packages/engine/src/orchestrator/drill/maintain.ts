// The controller's part of drills: it runs those that are due or asked for, one at a time, and puts back what one has
// opened or started, also after its process was killed. A deployment always goes first.

import { actorName } from '../../domain/actor.ts';
import type { SlotName } from '../../domain/target.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { readLock, readRouting, readSlot } from '../../state/targets.ts';
import { frozenNow } from '../calendar/frozen.ts';
import { occurrencesOf } from '../calendar/occurrences.ts';
import { type Core, placeOf, slotMutex, type Target, type TargetContext } from '../core.ts';
import { changeRouting } from '../routing/routing.ts';
import { holdsBack, standingOf } from '../routing/standing.ts';
import { putDrill, readDrill } from './memory.ts';
import { type DrillResult, runDrill } from './run-drill.ts';

const lookEveryMs = 5_000;
const watchEveryMs = 200;

export async function maintainDrills(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  do {
    for (const target of core.targets) {
      if (signal.aborted) return;
      try {
        await drillIfDue({ core, target, lease }, signal);
      } catch (thrown) {
        if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
        if (!signal.aborted) core.log.error({ target: target.name, err: thrown }, 'a rollback drill failed, goes on');
      }
    }
    await core.changeSignal.changed(lookEveryMs, signal);
  } while (!signal.aborted);
}

/** A drill that was interrupted by a kill is put back before anything else; it says nothing about the way back. */
export async function drillIfDue(context: TargetContext, signal: AbortSignal): Promise<void> {
  const { core, target } = context;
  const { asked, running } = readDrill(core.store.db, target.key);
  if (liveDeployment(core.store.db, target.key)) return asked && end(context, asked.by, interrupted);
  if (running) {
    await putBack(context);
    if (asked === undefined && running.isEnded !== true) end(context, running.by, cutShort);
    return;
  }
  const by = asked?.by ?? (isDue(core, target) ? actorName({ kind: 'engine' }) : undefined);
  if (by !== undefined) await drill(context, by, signal);
}

const interrupted: DrillResult = { code: 'skipped', sentence: 'not drilled: a deployment went first' };
const cutShort: DrillResult = { code: 'skipped', sentence: 'not drilled to its end: the process that ran it ended' };

/**
 * Once within a day after each of its times, since a time may pass while no controller runs. Not in a freeze or under a
 * lock, when people want nothing to happen by itself.
 */
export function isDue(core: Core, target: Target): boolean {
  const { drill: rule } = target.settings;
  if (rule === undefined) return false;
  const now = core.clock.now();
  const to = { day: (rule.weekly.day % 7) + 1, time: rule.weekly.time };
  const window = {
    name: 'drill',
    zone: rule.zone,
    override: 'nobody',
    rule: { kind: 'weekly', from: rule.weekly, to },
  } as const;
  const [due] = occurrencesOf(window, { from: now, to: now + 1 }, undefined);
  if (due === undefined) return false;
  const last = readDrill(core.store.db, target.key).last?.at ?? 0;
  if (last >= due.from && last <= now) return false;
  return frozenNow(core, target) === undefined && readLock(core.store.db, target.key, now) === undefined;
}

async function drill(context: TargetContext, by: string, signal: AbortSignal): Promise<void> {
  const { core } = context;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const watch = yieldToDeployment(context, over, until);
  let result: DrillResult;
  try {
    result = await runDrill(context, by, until);
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
    result = { code: 'failed', sentence: `a rollback would not work: ${messageOf(thrown)}` };
  }
  const isYielding = over.signal.aborted || liveDeployment(core.store.db, context.target.key) !== undefined;
  over.abort();
  await watch;
  // What is open stays recorded, and the next controller puts it back.
  if (signal.aborted) return;
  end(context, by, isYielding ? interrupted : result);
  await putBack(context);
}

async function yieldToDeployment({ core, target }: TargetContext, over: AbortController, until: AbortSignal) {
  while (await pause(core.clock, watchEveryMs, until))
    if (liveDeployment(core.store.db, target.key)) return over.abort();
}

/** While a deployment works on the target, its slots and routes are its own: then this waits for its end. */
async function putBack(context: TargetContext): Promise<void> {
  const { core, target } = context;
  const { running } = readDrill(core.store.db, target.key);
  if (running === undefined || liveDeployment(core.store.db, target.key)) return;
  const { intent } = readRouting(core.store.db, target.key);
  if (intent.preview === running.slot)
    await changeRouting(context, {
      desired: { active: intent.active, canary: intent.canary, preview: undefined },
      onlyFrom: intent.generation,
      direction: 'back',
      isUndo: true,
      event: { actor: 'engine', sentence: `closes the preview route to ${running.slot} after a rollback drill` },
    });
  if (running.isStarted) await stopStarted(context, running.slot);
  core.store.note((db, now) => putDrill(db, target.key, { running: undefined }, now));
}

async function stopStarted({ core, target, lease }: TargetContext, slot: SlotName): Promise<void> {
  await core.mutex(slotMutex(target, slot), async () => {
    if (readSlot(core.store.db, target.key, slot).role !== 'idle') return;
    if (holdsBack(await standingOf({ core, target, token: lease.token }), slot) !== undefined) return;
    await target.environment.stop(placeOf(target, slot), target.settings.graceMs);
  });
}

function end({ core, target, lease }: TargetContext, by: string, result: DrillResult): void {
  const { slot, ...shown } = result;
  core.store.under(lease).write((tx) => {
    const { running } = readDrill(tx.db, target.key);
    const left = running && { ...running, isEnded: true };
    putDrill(tx.db, target.key, { asked: undefined, running: left, last: { ...shown, at: tx.now, by } }, tx.now);
    const { version, ms, startMs, code, sentence } = result;
    tx.audit({
      ...target.key,
      actor: by,
      action: 'drill-ended',
      code,
      sentence: `rollback drill of ${target.name}: ${sentence}`,
      detail: { slot, version, ms, startMs },
    });
  });
}
