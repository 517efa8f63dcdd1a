// What is kept has an end: a failed side is restored to the last good release, a standby is stopped, an upgrade is made.

import { messageOf } from '../lib/errors.ts';
import { otherSlot } from '../environment/environment.ts';
import type { Lease } from '../state/leases.ts';
import { idleSlot, readQuarantine, readSlot, setSlot, type SlotRow } from '../state/targets.ts';
import { type Core, launchSettings, placeOf, releaseFiles, type Target } from './core.ts';

export interface Keeping {
  readonly core: Core;
  readonly target: Target;
  readonly lease: Lease;
  readonly row: SlotRow;
}

/** Pure: what is due for this slot now. */
export function dueFor(row: SlotRow, now: number): 'restore' | 'upgrade' | 'stop' | 'nothing' {
  if (row.keepUntil === null || now < row.keepUntil || row.role === 'active' || row.role === 'idle') return 'nothing';
  if (row.label === 'upgrading') return 'upgrade';
  if (row.label === 'failed' || row.label === 'aborted') return 'restore';
  return row.role === 'standby' ? 'stop' : 'nothing';
}

export async function endKeeping(keeping: Keeping): Promise<void> {
  const { core, target, row } = keeping;
  switch (dueFor(row, core.clock.now())) {
    case 'nothing':
      return;
    case 'stop':
      return stopSide(keeping, 'its time as standby is over');
    case 'upgrade':
      return startSide(keeping, activeVersion(keeping));
    case 'restore': {
      const good = lastGood(keeping);
      if (target.settings.failedSide.then === 'stop' || good === undefined) return stopSide(keeping, 'the failed side was kept long enough');
      return startSide(keeping, good);
    }
  }
}

/** The release that was good in this slot before, unless it was marked bad meanwhile; else the one that is live. */
function lastGood(keeping: Keeping): string | undefined {
  const { core, row } = keeping;
  const displaced = row.displacedVersion === null ? undefined : releaseFiles(core, row.service, row.displacedVersion);
  if (displaced && !readQuarantine(core.store.db, displaced.digest)) return displaced.version;
  return activeVersion(keeping);
}

function activeVersion({ core, target, row }: Keeping): string | undefined {
  const active = readSlot(core.store.db, target.key, otherSlot(row.slot));
  return active.role === 'active' ? (active.version ?? undefined) : undefined;
}

async function stopSide({ core, target, lease, row }: Keeping, why: string): Promise<void> {
  await target.environment.stop(placeOf(target, row.slot), target.settings.graceMs);
  core.store.under(lease).write((tx) => {
    setSlot(tx, target.key, row.slot, { ...idleSlot, since: tx.now });
    tx.audit({ ...target.key, actor: 'engine', action: 'side-stopped', sentence: `stopped ${row.version} in ${row.slot}: ${why}`, detail: { slot: row.slot } });
  });
}

async function startSide({ core, target, lease, row }: Keeping, version: string | undefined): Promise<void> {
  const release = version === undefined ? undefined : releaseFiles(core, row.service, version);
  if (!release) return stopSide({ core, target, lease, row }, 'there is no good release to bring back');
  const problem = await target.environment.start(placeOf(target, row.slot), release, launchSettings(target, row.slot)).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown),
  );
  const store = core.store.under(lease);
  if (problem !== undefined) {
    store.write((tx) => {
      setSlot(tx, target.key, row.slot, { label: 'kept', keepUntil: null });
      tx.audit({ ...target.key, actor: 'engine', action: 'restore-failed', sentence: `${release.version} could not be started in ${row.slot}: ${problem}; the slot is left as it is`, detail: { slot: row.slot } });
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
      sentence: row.label === 'upgrading' ? `brought ${row.slot} to ${release.version} too` : `brought ${row.slot} back from ${row.version} to ${release.version}`,
      detail: { slot: row.slot, version: release.version },
    });
  });
}
