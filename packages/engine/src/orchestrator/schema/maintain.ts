// What is done to schemas outside deployments, for as long as this process is the controller: it runs an approved
// contract, fills rows behind a release that is live, and checks the schema now and then.

import { backoffMs } from '../../lib/backoff.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { together } from '../../lib/tasks.ts';
import { liveContract } from '../../state/contracts.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import type { Core, Target, TargetContext } from '../core.ts';
import { activeSide } from '../gates/facts.ts';
import { fillRows } from './fill.ts';
import { heldBackfill, unlessHeld } from './hold-backfill.ts';
import { lookAtSchema, readLook } from './observe.ts';
import { maintainContract } from './run-contract.ts';

const roundMs = 1_000;
const lookEveryMs = 60_000;
/** After a backfill that did not end well. */
const retry = { firstMs: 30_000, maxMs: 30 * 60_000 };

export async function maintainSchemas(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const withDatabase = core.targets.filter(({ migrator }) => migrator.kind !== undefined);
  await Promise.all(withDatabase.map((target) => maintainTarget({ core, target, lease }, signal)));
}

/** @throws BlueGreenError `fenced-out` */
async function maintainTarget(targetContext: TargetContext, signal: AbortSignal): Promise<void> {
  const { core, target } = targetContext;
  const look = async (stop: AbortSignal) => {
    for (let lookedAt = 0, standing = ''; !stop.aborted; await core.changeSignal.changed(roundMs, stop)) {
      await guarded(targetContext, stop, () => maintainContract(targetContext, stop));
      const now = standingOf(core, target);
      if (now === standing && core.clock.monotonic() - lookedAt < lookEveryMs) continue;
      await lookAtSchema(core, target);
      standing = now;
      lookedAt = core.clock.monotonic();
    }
  };
  await together([look, (stop) => fillWhenDue(targetContext, stop)], signal);
}

/** Whose schema it is; another live release compares it with its own migrations. */
function standingOf(core: Core, target: Target): string {
  const live = liveDeployment(core.store.db, target.key);
  return `${activeVersion(core, target)} ${live?.id}`;
}

async function fillWhenDue(targetContext: TargetContext, signal: AbortSignal): Promise<void> {
  const { core, target } = targetContext;
  let failures = 0;
  while (!signal.aborted) {
    if (!isDue(core, target)) {
      await core.changeSignal.changed(roundMs, signal);
      continue;
    }
    const fill = () => unlessHeld(core, target, signal, (stop) => fillRows(targetContext, stop));
    const ended = await guarded(targetContext, signal, fill);
    const look = await guarded(targetContext, signal, () => lookAtSchema(core, target));
    // A check that failed shows the rows as before the fill, which would begin again at once.
    const isDone = ended === 'filled' && look?.problem === undefined;
    if (isDone || heldBackfill(core, target) !== undefined) failures = 0;
    else {
      await pause(core.clock, backoffMs(retry, failures), signal);
      failures += 1;
    }
  }
}

/** Behind the release that is live, while nothing else changes the schema; a failed one waits for a person. */
function isDue(core: Core, target: Target): boolean {
  const look = readLook(core, target);
  if (!look || look.next.backfill.length === 0 || look.version !== activeVersion(core, target)) return false;
  if (heldBackfill(core, target) !== undefined) return false;
  const isFailed = look.migrations.some(({ state }) => state === 'failed');
  return !isFailed && !liveDeployment(core.store.db, target.key) && !liveContract(core.store.db, target.key);
}

/** A failure is reported and tried again later; a lost lease ends it all. */
async function guarded<T>(
  { core, target }: TargetContext,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    if (signal.aborted) return undefined;
    core.log.error({ target: target.name, problem: messageOf(thrown) }, 'the schema could not be tended, tries again');
    return undefined;
  }
}

function activeVersion(core: Core, target: Target): string | undefined {
  return activeSide(core, target)?.version;
}
