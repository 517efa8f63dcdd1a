// A request that waits as people see it: its place, when it begins, what would refuse it then.

import type { WaitingVerbs, WaitingView } from '../../api/waiting.ts';
import { ok } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { endedWaiting, lastDurations, type WaitingRow, waitingOf } from '../../state/waiting.ts';
import { frozenAt } from '../calendar/policy.ts';
import { freezeSources } from '../calendar/sources.ts';
import { momentOf, parseWall } from '../calendar/wall-time.ts';
import type { Core, Target } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import { dueAt, estimateMs } from './policy.ts';

/** So many deployments make the estimate. */
const history = 15;
const mostEnded = 10;

export function viewWaiting(core: Core, target: Target, row: WaitingRow): WaitingView {
  const queue = waitingOf(core.store.db, target.key).filter(({ status }) => status === 'queued');
  const index = queue.findIndex(({ id }) => id === row.id);
  const place = index === -1 ? undefined : index + 1;
  const due = row.endedAt === null ? dueAt(row) : (row.dueAt ?? undefined);
  return {
    id: row.id,
    ...target.key,
    name: target.name,
    version: row.version,
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt,
    reason: row.reason ?? undefined,
    status: row.status,
    place,
    expectedAt: place === undefined ? undefined : expectedAt(core, target, place),
    due: due === undefined ? undefined : { at: due, wall: row.wall ?? '', zone: row.zone ?? '' },
    firstBecause: row.firstBecause ?? undefined,
    deploymentId: row.deploymentId ?? undefined,
    problem: row.problem ?? undefined,
    notes: row.status === 'scheduled' ? notes(core, target, row, due) : [],
  };
}

function expectedAt({ store, clock }: Core, { key }: Target, place: number): number | undefined {
  const live = liveDeployment(store.db, key);
  const runningMs = live && Math.max(0, clock.now() - live.requestedAt);
  const ms = estimateMs({ place, durations: lastDurations(store.db, key, history), runningMs });
  return ms === undefined ? undefined : clock.now() + ms;
}

function notes(core: Core, target: Target, { wall, zone }: WaitingRow, due: number | undefined): readonly string[] {
  const parsed = wall === null ? undefined : parseWall(wall);
  const moved = parsed && zone !== null ? momentOf(parsed, zone, 'begins').moved : undefined;
  const frozen = due === undefined ? undefined : frozenAt(freezeSources(core, target), due);
  return [
    ...(moved === undefined ? [] : [moved]),
    ...(frozen === undefined ? [] : [`it will be refused then: ${frozen.sentence}`]),
  ];
}

/** All that waits for a target, in its order: people's requests, the builds behind them, then what is scheduled. */
export function viewQueue(core: Core, target: Target): readonly WaitingView[] {
  const rows = waitingOf(core.store.db, target.key).map((row) => viewWaiting(core, target, row));
  const queued = rows.filter(({ status }) => status === 'queued');
  const builds = core.builds
    .waiting(target.key)
    .map((build, index) => viewBuild(core, target, build, queued.length + index + 1));
  return [...queued, ...builds, ...rows.filter(({ status }) => status !== 'queued')];
}

export function viewBuild(
  core: Core,
  target: Target,
  { build, since, version, branch, requestedBy }: ReturnType<Core['builds']['waiting']>[number],
  place: number,
): WaitingView {
  return {
    id: `build ${build}`,
    ...target.key,
    name: target.name,
    version,
    requestedBy,
    requestedAt: since,
    reason: branch === undefined ? undefined : `newest build of ${branch}`,
    status: 'queued',
    place,
    expectedAt: expectedAt(core, target, place),
    due: undefined,
    firstBecause: undefined,
    deploymentId: undefined,
    problem: undefined,
    build,
    notes: [],
  };
}

export function waitingFor(core: Core, ref: TargetRef): ReturnType<WaitingVerbs['waiting']> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const view = (row: WaitingRow) => viewWaiting(core, found.value, row);
  const { db } = core.store;
  return ok({
    now: viewQueue(core, found.value),
    ended: endedWaiting(db, found.value.key, mostEnded).map(view),
  });
}
