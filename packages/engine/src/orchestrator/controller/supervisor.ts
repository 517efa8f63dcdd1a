// Keeps what runs running, for as long as this process is the controller: health of both slots, crashes, what is
// retained too long, a balancer that is gone. Acts on one target at a time and never on a slot that a deployment is
// working in.

import { clockTime } from '../../domain/times.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Lease } from '../../state/leases.ts';
import { readRouting } from '../../state/targets.ts';
import { takeUnauthenticatedCounts, unauthenticatedWait } from '../../state/unauthenticated.ts';
import { type Core, healthOf, placeOf, type Target } from '../core.ts';
import { noteRestarts, reconnect } from '../routing/reconnect.ts';
import { repairRouting } from '../routing/repair.ts';
import { observeOpen } from '../run/steps/drained.ts';
import { guardLiveSide } from './guard/guard.ts';
import { judgeLiveSide } from './guard/judged.ts';
import { inRounds } from './in-rounds.ts';
import { remindOfLock } from './remind-of-lock.ts';
import { remindOfStaleness } from './remind-of-staleness.ts';
import { endRetention } from './retention.ts';
import { superviseSlot } from './slot-health.ts';
import { watchReadiness } from './watch-readiness.ts';

export async function supervise(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  await Promise.all(core.targets.map((target) => superviseTarget(core, target, lease, signal)));
}

function superviseTarget(core: Core, target: Target, lease: Lease, signal: AbortSignal): Promise<void> {
  const round = async (at: number): Promise<void> => {
    await lookAfter(core, target, lease, signal);
    if (at % 12 !== 0) return;
    remindOfStaleness({ core, target, lease });
    await sweep(core, target, lease);
  };
  return inRounds({ core, target, what: 'supervision', intervalMs: () => intervalOf(core, target), round }, signal);
}

/** The failures that a rule allows are counted at the interval that they were allowed for. */
function intervalOf({ store }: Core, target: Target): number {
  const { active } = readRouting(store.db, target.key).intent;
  return (active === undefined ? target.settings.health : healthOf(target, active)).intervalMs;
}

async function lookAfter(core: Core, target: Target, lease: Lease, signal: AbortSignal): Promise<void> {
  await observeBalancer(core, target, lease);
  await leaveInstancesOut(core, target);
  await observeOpen(core, target);
  await Promise.all([
    ...(['blue', 'green'] as const).map((slot) => superviseSlot({ core, target, lease, slot, signal })),
    judgeLiveSide({ core, target }),
  ]);
  await guardLiveSide({ core, target, lease });
  for (const slot of ['blue', 'green'] as const) {
    await endRetention({ core, target, lease, signal }, slot);
  }
  remindOfLock({ core, target, lease });
  watchReadiness({ core, target, lease });
  core.builds.deployWaiting(target.key, lease);
  writeUnauthenticatedCounts(core, lease);
}

async function observeBalancer(core: Core, target: Target, lease: Lease): Promise<void> {
  const { intent } = readRouting(core.store.db, target.key);
  let nodes = await target.balancer.observe();
  if (nodes.some(({ reachable }) => !reachable)) nodes = await reconnect({ core, target, lease }, nodes);
  noteRestarts({ core, target, lease }, nodes);
  await repairRouting({ core, target, lease }, intent, nodes);
}

/** A balancer that was started again may not know which instances are left out. */
async function leaveInstancesOut({ log }: Core, { counts, balancer, name }: Target): Promise<void> {
  if (!counts) return;
  try {
    await balancer.admit?.();
  } catch (thrown) {
    log.warn(
      { target: name, problem: messageOf(thrown) },
      'the load balancer does not leave instances out, tries again',
    );
  }
}

async function sweep(core: Core, target: Target, lease: Lease): Promise<void> {
  const orphans = await target.environment.sweep(
    core.targets.flatMap((each) => [placeOf(each, 'blue'), placeOf(each, 'green')]),
    target.settings.maxLogBytes,
  );
  if (orphans.length === 0) return;
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'orphans-cleared',
      sentence: `cleared ${orphans.length} left by earlier attempts`,
      detail: { orphans },
    }),
  );
}

function writeUnauthenticatedCounts(core: Core, lease: Lease): void {
  if (!unauthenticatedWait(core.store.db, core.clock.now())) return;
  core.store.under(lease).write((tx) => {
    for (const { entryPoint, ...counts } of takeUnauthenticatedCounts(tx.db, tx.now))
      tx.audit({
        actor: 'engine',
        action: 'strangers-refused',
        code: 'not-in-team',
        sentence: unauthenticatedSentence({ entryPoint, ...counts }),
        detail: { ...counts, door: entryPoint },
      });
  });
}

function unauthenticatedSentence({
  minute,
  entryPoint,
  source,
  count,
}: ReturnType<typeof takeUnauthenticatedCounts>[number]): string {
  const requests = `${count} request${count === 1 ? '' : 's'} of strangers`;
  const from = source === '' ? '' : ` from ${source}`;
  return `${requests} at ${entryPoint}${from} refused in the minute of ${clockTime(minute * 60_000)}`;
}
