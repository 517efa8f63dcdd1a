// Which release an alert may take back: the one that has just got users. An alert that began before it says nothing
// about it.

import type { Refusal, RefusalCode } from '../../domain/refusal.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import type { Db } from '../../state/database.ts';
import {
  type DeploymentRow,
  liveDeployment,
  pendingAbort,
  readJournal,
  recentDeployments,
} from '../../state/deployments.ts';
import { readRouting } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide } from '../gates/facts.ts';
import { shareOf } from '../routing/routing.ts';
import { knownStep } from '../run/steps/named.ts';
import type { Called } from './called.ts';

export type Blamed =
  | { readonly kind: 'release'; readonly row: DeploymentRow }
  /** It is being taken back, or was. */
  | { readonly kind: 'nothing'; readonly sentence: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export function blamed(core: Core, called: Called): Blamed {
  const { target, rule, alert, startsAt } = called;
  const live = liveDeployment(core.store.db, target.key);
  const found = live ? blamedLive(core, target, live) : blamedBefore(core, target, rule.afterPromotionMs);
  if (found.kind !== 'release' || startsAt >= found.row.requestedAt) return found;
  return outOfTime(
    `${alert} has fired since ${clockTime(startsAt)}, before ${found.row.version} was asked for: it does not speak against it`,
    'Silence or resolve the alert; a person may roll back at any time.',
  );
}

export const isGoingBack = ({ store: { db } }: Core, live: DeploymentRow): boolean =>
  live.mode === 'rollback' || live.direction === 'unwinding' || pendingAbort(db, live.id) !== undefined;

function blamedLive(core: Core, target: Target, live: DeploymentRow): Blamed {
  if (isGoingBack(core, live))
    return { kind: 'nothing', sentence: `${target.name} is on its way back already (${live.id})` };
  const { intent } = readRouting(core.store.db, target.key);
  return live.promotedAt !== null || shareOf(intent, live.slot) > 0
    ? { kind: 'release', row: live }
    : outOfTime(`${live.version}, which is being deployed to ${target.name}, has no users yet`, aPersonMay);
}

const mostLooked = 20;

const hadUsers = (db: Db, { id }: DeploymentRow): boolean =>
  readJournal(db, id).some(
    ({ name, direction, status }) =>
      direction === 'forward' && status !== 'skipped' && (knownStep(name)?.moves ?? 'none') !== 'none',
  );

function blamedBefore(core: Core, target: Target, afterPromotionMs: number): Blamed {
  const { db } = core.store;
  const active = activeSide(core, target)?.version;
  const recent = recentDeployments(db, target.key, mostLooked);
  const last = recent.find(({ outcome }) => outcome === 'promoted');
  const [latest] = recent;
  // What fires after a release was taken back is about that release: the one before it must not lose its users, too.
  if (latest && latest !== last && hadUsers(db, latest))
    return {
      kind: 'nothing',
      sentence: `${latest.version}, which had users of ${target.name}, was taken back at ${clockTime(latest.finishedAt ?? 0)}`,
    };
  if (active === undefined || !last?.promotedAt || last.version !== active)
    return outOfTime(`no deployment of ${target.name} is in its canary or bake`, aPersonMay);
  if (last.mode === 'rollback')
    return { kind: 'nothing', sentence: `${target.name} went back to ${active} at ${clockTime(last.promotedAt)}` };
  const sinceMs = core.clock.now() - last.promotedAt;
  if (sinceMs <= afterPromotionMs) return { kind: 'release', row: last };
  const until = afterPromotionMs === 0 ? 'until its bake ends' : `for ${forHowLong(afterPromotionMs)}`;
  return outOfTime(
    `${active} has had all users of ${target.name} for ${forHowLong(sinceMs)}; this rule takes a release back ${until}`,
    aPersonMay,
  );
}

const aPersonMay = 'A person may roll back at any time.';
const code: RefusalCode = 'call-out-of-time';
const outOfTime = (sentence: string, hint: string): Blamed => ({ kind: 'refused', refusal: { code, sentence, hint } });
