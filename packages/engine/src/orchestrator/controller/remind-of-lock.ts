// A lock that was forgotten holds up everybody: its owner is reminded for as long as it lasts, and the channel sees it.

import { shortName } from '../../domain/actor.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import { getSnapshot, lockReminderKey, putSnapshot } from '../../state/snapshots.ts';
import { readLock } from '../../state/targets.ts';
import type { TargetContext } from '../core.ts';

interface Reminded {
  /** Since when the lock holds that it was about. */
  readonly lock: number;
  readonly at: number;
}

export function remindOfLock({ core, target, lease }: TargetContext): void {
  const { db } = core.store;
  const { lockReminderMs } = target.settings;
  const now = core.clock.now();
  const lock = lockReminderMs === 0 ? undefined : readLock(db, target.key, now);
  if (!lock) return;
  const key = lockReminderKey(target.key);
  const last = getSnapshot<Reminded>(db, key)?.value;
  if (now < (last?.lock === lock.since ? last.at : lock.since) + lockReminderMs) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, key, { lock: lock.since, at: tx.now } satisfies Reminded, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'lock-reminder',
      sentence: `${target.name} has been locked by ${shortName(lock.owner)} for ${forHowLong(tx.now - lock.since)}, until ${clockTime(lock.until)}: ${lock.reason}`,
      detail: { owner: lock.owner },
    });
  });
}
