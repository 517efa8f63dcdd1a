// Ends retention when its time is over: restores a failed side to the last good release, stops a standby, makes an
// upgrade.

import { otherSlot, type SlotName } from '../../domain/target.ts';
import { messageOf } from '../../lib/errors.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { idleSlot, readQuarantine, readSlot, type SlotRow, setSlot } from '../../state/targets.ts';
import { type Core, placeOf, releaseFiles, slotMutex, type Target, type TargetContext } from '../core.ts';
import { startRelease } from '../plan/release-settings.ts';
import { holdsBack, standingOf } from '../routing/standing.ts';
import { drained } from '../run/steps/drained.ts';

interface Keeper extends TargetContext {
  readonly signal: AbortSignal;
}

interface Retention extends Keeper {
  readonly row: SlotRow;
}

/** Pure: what is due for this slot now. */
export function dueFor(row: SlotRow, now: number): 'restore' | 'upgrade' | 'stop' | 'nothing' {
  if (row.keepUntil === null || now < row.keepUntil || row.role === 'active' || row.role === 'idle') return 'nothing';
  if (row.label === 'upgrading') return 'upgrade';
  if (row.label === 'failed' || row.label === 'aborted') return 'restore';
  return row.role === 'standby' ? 'stop' : 'nothing';
}

export async function endRetention(keeper: Keeper, slot: SlotName): Promise<void> {
  const { core, target } = keeper;
  const dueNow = (): SlotRow | undefined => {
    const row = readSlot(core.store.db, target.key, slot);
    return dueFor(row, core.clock.now()) !== 'nothing' && mayTouch(core, target, slot) ? row : undefined;
  };
  if (!dueNow()) return;
  // Checked again under the mutex: a deployment may have taken the slot while this waited.
  await core.mutex(slotMutex(target, slot), async () => {
    const row = dueNow();
    if (row) await end({ ...keeper, row });
  });
}

/** A slot that a live deployment works in belongs to that deployment. */
function mayTouch(core: Core, target: Target, slot: SlotName): boolean {
  const live = liveDeployment(core.store.db, target.key);
  return live === undefined || (live.slot !== slot && live.fromSlot !== slot);
}

async function end(retention: Retention): Promise<void> {
  const { core, target, row } = retention;
  if (await isHeldBack(retention)) return;
  await drained(retention, row.slot);
  // Users may have been sent here while it drained.
  if (await isHeldBack(retention)) return;
  switch (dueFor(row, core.clock.now())) {
    case 'nothing':
      return;
    case 'stop':
      return stopSide(retention, 'its time as standby is over');
    case 'upgrade':
      return startSide(retention, activeVersion(retention));
    case 'restore': {
      const good = lastGood(retention);
      if (target.settings.failedSide.then === 'stop' || good === undefined)
        return stopSide(retention, 'the failed side was retained long enough');
      return startSide(retention, good);
    }
  }
}

/** The check of the balancer announces drift; what is due waits until a person has decided. */
async function isHeldBack({ core, target, lease, row }: Retention): Promise<boolean> {
  const why = holdsBack(await standingOf({ core, target, token: lease.token }), row.slot);
  if (why !== undefined)
    core.log.warn({ target: target.name, slot: row.slot, why }, 'a side is retained past its time');
  return why !== undefined;
}

/** The release that was good in this slot before, unless it was marked bad meanwhile; else the one that is live. */
function lastGood(retention: Retention): string | undefined {
  const { core, row } = retention;
  const displaced = row.displacedVersion === null ? undefined : releaseFiles(core, row.service, row.displacedVersion);
  if (displaced && !readQuarantine(core.store.db, displaced.digest)) return displaced.version;
  return activeVersion(retention);
}

function activeVersion({ core, target, row }: Retention): string | undefined {
  const active = readSlot(core.store.db, target.key, otherSlot(row.slot));
  return active.role === 'active' ? (active.version ?? undefined) : undefined;
}

async function stopSide({ core, target, lease, row }: Retention, why: string): Promise<void> {
  await target.environment.stop(placeOf(target, row.slot), target.settings.graceMs);
  core.store.under(lease).write((tx) => {
    setSlot(tx, target.key, row.slot, { ...idleSlot, since: tx.now });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'side-stopped',
      sentence: `stopped ${row.version} in ${row.slot}: ${why}`,
      detail: { slot: row.slot },
    });
  });
}

async function startSide(retention: Retention, version: string | undefined): Promise<void> {
  const { core, target, lease, row } = retention;
  const release = version === undefined ? undefined : releaseFiles(core, row.service, version);
  if (!release) return stopSide(retention, 'there is no good release to bring back');
  const problem = await startRelease(target, row.slot, release).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown),
  );
  const store = core.store.under(lease);
  if (problem !== undefined) {
    store.write((tx) => {
      setSlot(tx, target.key, row.slot, { label: 'kept', keepUntil: null });
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'restore-failed',
        sentence: `${release.version} could not be started in ${row.slot}: ${problem}; the slot is left as it is`,
        detail: { slot: row.slot },
      });
    });
    return;
  }
  store.write((tx) => {
    const keepMs = target.settings.standbyKeepMs;
    setSlot(tx, target.key, row.slot, {
      role: 'standby',
      version: release.version,
      digest: release.digest,
      deploymentId: null,
      label: null,
      since: tx.now,
      keepUntil: keepMs === undefined ? null : tx.now + keepMs,
      displacedVersion: null,
      restarts: 0,
      nextRestartAt: null,
    });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: row.label === 'upgrading' ? 'side-upgraded' : 'side-restored',
      sentence:
        row.label === 'upgrading'
          ? `upgraded ${row.slot} to ${release.version} too`
          : `restored ${row.slot} from ${row.version} to ${release.version}`,
      detail: { slot: row.slot, version: release.version },
    });
  });
}
