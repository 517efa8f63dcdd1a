// Where a way back would lead now: the warm standby, else the last good release that was once live.

import { otherSlot } from '../../domain/target.ts';
import { releasesOnceLive } from '../../state/deployments.ts';
import { readQuarantine, readRelease, readSlot, type SlotRow } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide } from '../gates/facts.ts';
import { isGone } from '../releases/stored.ts';
import { lostFor } from '../schema/observe.ts';

/** Where `/rollback` would go now, for the verb itself and for every status. */
export function rollbackTarget(
  core: Core,
  target: Target,
  version: string | undefined,
  /** Releases that were found unfit. */
  except: readonly string[] = [],
): { readonly version: string; readonly warm: boolean } | undefined {
  const { db } = core.store;
  const active = activeSide(core, target);
  if (!active) return undefined;
  const other = readSlot(db, target.key, otherSlot(active.slot));
  if (
    isWarm(other) &&
    other.label === null &&
    readQuarantine(db, other.digest) === undefined &&
    other.version !== active.version &&
    !except.includes(other.version) &&
    (version === undefined || version === other.version)
  )
    return { version: other.version, warm: true };
  const earlier = releasesOnceLive(db, target.key);
  // A named release is answered for by the verb; here it only must have been live once.
  if (version !== undefined)
    return version === active.version || earlier.includes(version)
      ? { version, warm: isWarm(other) && other.version === version }
      : undefined;
  const good = earlier.find(
    (each) =>
      each !== active.version &&
      !except.includes(each) &&
      isGood(core, target, each) &&
      lostFor(core, target, each) === undefined,
  );
  return good === undefined ? undefined : { version: good, warm: false };
}

function isGood(core: Core, target: Target, version: string): boolean {
  const release = readRelease(core.store.db, target.key.service, version);
  return release !== undefined && !readQuarantine(core.store.db, release.digest) && !isGone(core, target, version);
}

export function isWarm(slot: SlotRow): slot is SlotRow & { version: string; digest: string } {
  return slot.role === 'standby' && slot.version !== null && slot.digest !== null && slot.label !== 'upgrading';
}
