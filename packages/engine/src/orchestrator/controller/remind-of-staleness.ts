// The channel is reminded of a live release that is further behind its branch than the configuration allows. The message is
// written with its own memory in one transaction under the lease, so that no second process says it again.

import type { StalenessView } from '../../api/views.ts';
import type { StalenessSettings } from '../../config/builds/staleness.ts';
import { shortName } from '../../domain/actor.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { getSnapshot, putSnapshot, stalenessKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readLock, readQuarantine, readRelease } from '../../state/targets.ts';
import { frozenNow } from '../calendar/frozen.ts';
import type { Core, Target, TargetContext } from '../core.ts';
import { readSuspension } from '../gates/suspension.ts';
import { viewQueue } from '../queue/waiting-view.ts';
import { viewDeployment } from '../views/deployment-view.ts';
import { findStaleness } from '../views/staleness.ts';

const weekMs = 7 * 86_400_000;
/** Releases that were live within a week and reminded of; the oldest is forgotten beyond. */
const mostReminded = 50;

interface Reminder {
  readonly version: string;
  readonly at: number;
}

export function remindOfStaleness({ core, target, lease }: TargetContext): void {
  const { staleness } = target.settings;
  if (!staleness) return;
  const found = findStale(core, target);
  if (!found || !isBeyond(found.view, staleness, core.clock.now())) return;
  const { view, sentence } = found;
  const { db } = core.store;
  const key = stalenessKey(target.key);
  const recent = (now: number) =>
    (getSnapshot<readonly Reminder[]>(db, key)?.value ?? []).filter(({ at }) => Math.abs(now - at) < weekMs);
  const isReminded = (now: number) => recent(now).some(({ version }) => version === view.live);
  if (isReminded(core.clock.now())) return;
  core.store.under(lease).write((tx: Tx) => {
    const reminders = [...recent(tx.now), { version: view.live, at: tx.now }].slice(-mostReminded);
    putSnapshot(tx.db, key, reminders satisfies readonly Reminder[], tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'staleness-reminder',
      sentence,
      detail: { live: view.live, newest: view.newest, builds: view.builds, since: view.since },
    });
  });
}

function isBeyond({ builds, since }: StalenessView, most: StalenessSettings, now: number): boolean {
  return (most.builds !== undefined && builds > most.builds) || (most.ageMs !== undefined && now - since > most.ageMs);
}

function findStale(core: Core, target: Target) {
  const live = liveDeployment(core.store.db, target.key);
  const moving = { live: live && viewDeployment(core, live), waiting: viewQueue(core, target) };
  const found = findStaleness(core, target, moving);
  if (!found) return undefined;
  const { view, newestWaits, isSaid } = found;
  if (isSaid) return { view, sentence: view.sentence };
  const waits = newestWaits ?? waitsFor(core, target, view);
  return { view, sentence: `${view.sentence}; the newest build, ${view.newest}, ${waits}` };
}

/** Of a build that is not on its way: the first thing that a person has to look at. */
function waitsFor(core: Core, target: Target, { newest }: StalenessView): string {
  const { db } = core.store;
  const now = core.clock.now();
  const digest = readRelease(db, target.key.service, newest)?.digest;
  const bad = digest === undefined ? undefined : readQuarantine(db, digest);
  if (bad) return `is marked bad: ${bad.reason}`;
  const lock = readLock(db, target.key, now);
  if (lock) return `waits for the end of the lock of ${shortName(lock.owner)}: ${lock.reason}`;
  const frozen = frozenNow(core, target);
  if (frozen) return `waits for the end of a freeze: ${frozen.sentence}`;
  const suspension = readSuspension(db, target.key);
  if (suspension) return `waits for a person: the automation is suspended (${suspension.reason})`;
  return 'waits for a person to deploy it';
}
