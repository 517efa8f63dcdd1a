// A build that a rule deploys waits while its target is busy: one of each branch, and a newer one of its branch replaces it. The wait ends
// when the target is free, when the time is up, when a person decided otherwise meanwhile, or when a gate refuses.

import { personOf } from '../domain/actor.ts';
import type { StoredBuild } from '../domain/build.ts';
import type { NotDeployedCode } from '../domain/events/builds.ts';
import type { TargetKey } from '../domain/target.ts';
import { readBuild } from '../state/builds.ts';
import { liveDeployment, recentDeployments } from '../state/deployments.ts';
import type { Lease } from '../state/leases.ts';
import { dropSnapshot, getSnapshot, putSnapshot, waitingKey } from '../state/snapshots.ts';
import type { Tx } from '../state/store.ts';
import type { AdmittedDeployment, BuildsContext, BuildTarget } from './flow.ts';
import { isSuperseded, newerLive } from './order.ts';
import { hookActor, waitMs } from './react.ts';
import { reasonOf, recordNotDeployed } from './record.ts';

/** One of each branch, in the order in which they began to wait. */
interface Waiting {
  readonly builds: readonly WaitingBuild[];
}

/** As the version before stored it: one per target. */
interface OnlyOne {
  readonly build: number;
}

interface WaitingBuild {
  readonly build: number;
  readonly since: number;
}

/** Branches of one target that wait at once: more is refused. */
const mostWaiting = 20;

/** In the order in which they are deployed. */
export function waitingBuilds(db: Tx['db'], key: TargetKey): readonly WaitingBuild[] {
  const found = getSnapshot<Waiting | OnlyOne>(db, waitingKey(key));
  if (!found) return [];
  return 'builds' in found.value ? found.value.builds : [{ build: found.value.build, since: found.at }];
}

export function waitForTarget(tx: Tx, target: BuildTarget, build: StoredBuild): void {
  const newer = newerWaiting(tx, target, build);
  if (newer === undefined) supersedeWaiting(tx, target, build);
  const before = waitingBuilds(tx.db, target.key);
  const refused = newer ? superseded(newer) : before.length >= mostWaiting ? tooMany : undefined;
  if (refused) recordNotDeployed(tx, target.key, { build, ...refused });
  else store(tx, target, [...before, { build: build.id, since: tx.now }]);
}

const superseded = (by: StoredBuild) =>
  ({ code: 'superseded', why: `${by.version}, which is of a newer commit, waits for it`, by }) as const;

const tooMany: Against = { code: 'queue-full', why: `builds of ${mostWaiting} other branches wait for it` };

/** Deliveries may arrive out of order. */
function newerWaiting(tx: Tx, target: BuildTarget, build: StoredBuild): StoredBuild | undefined {
  return waitingBuilds(tx.db, target.key)
    .flatMap(({ build: id }) => readBuild(tx.db, id) ?? [])
    .find((waiting) => isOfBranch(waiting, build) && isSuperseded(build, waiting));
}

function store(tx: Tx, { key }: BuildTarget, builds: readonly WaitingBuild[]): void {
  if (builds.length === 0) dropSnapshot(tx.db, waitingKey(key));
  else putSnapshot(tx.db, waitingKey(key), { builds } satisfies Waiting, tx.now);
}

function remove(tx: Tx, target: BuildTarget, { id }: StoredBuild): void {
  store(
    tx,
    target,
    waitingBuilds(tx.db, target.key).filter(({ build }) => build !== id),
  );
}

/** The build of the same branch that waits there will not be deployed: `newer` replaces it. Other branches wait on. */
export function supersedeWaiting(tx: Tx, target: BuildTarget, newer: StoredBuild): void {
  for (const { build: id } of waitingBuilds(tx.db, target.key)) {
    const build = readBuild(tx.db, id);
    if (build && build.id !== newer.id && isOfBranch(build, newer))
      end(tx, target, { build, code: 'superseded', why: `${newer.version} came after it`, by: newer });
  }
}

/** Tags are no branches: the newest of them is the one that counts. */
const isOfBranch = (one: StoredBuild, other: StoredBuild): boolean =>
  one.repository === other.repository && one.branch === other.branch && one.pullRequest === other.pullRequest;

/** The controller calls it again and again: it deploys the first of the waiting builds once the target is free. */
export function deployWaitingBuild(context: BuildsContext, key: TargetKey, lease: Lease): void {
  const target = context.targets.find((each) => each.key.service === key.service && each.key.target === key.target);
  const waiting = waitingBuilds(context.store.db, key);
  const isUp = waiting.some(({ since }) => context.clock.now() >= since + waitMs);
  if (!target || waiting.length === 0 || (liveDeployment(context.store.db, key) && !isUp)) return;
  context.store.under(lease).write((tx) => {
    for (const { build: id, since } of waitingBuilds(tx.db, key)) {
      const build = readBuild(tx.db, id);
      const decided = build ? decide(context, target, { build, since }) : 'busy';
      if (!build || decided === 'busy') continue;
      if ('code' in decided) end(tx, target, { build, ...decided });
      else begin(tx, target, { build, admitted: decided });
    }
  });
}

/** What a person decided about a build that waits. */
export interface PersonsEnd {
  readonly build: number;
  /** As stored in rows. */
  readonly by: string;
  readonly why: string;
}

/** Nothing where it waits no more. */
export function leaveQueue(context: BuildsContext, tx: Tx, key: TargetKey, { build: id, by, why }: PersonsEnd): void {
  const target = context.targets.find((each) => each.key.service === key.service && each.key.target === key.target);
  const build = readBuild(tx.db, id);
  if (!target || !build || !waitingBuilds(tx.db, key).some((each) => each.build === id)) return;
  remove(tx, target, build);
  recordNotDeployed(tx, key, { build, code: 'cancelled', why, actor: by });
}

interface Against {
  readonly code: NotDeployedCode;
  readonly why: string;
}

function decide(
  context: BuildsContext,
  target: BuildTarget,
  { build, since }: { readonly build: StoredBuild; readonly since: number },
): Against | 'busy' | AdmittedDeployment {
  const { store, clock, flow } = context;
  const [last] = recentDeployments(store.db, target.key, 1);
  const by = last?.outcome === 'promoted' ? undefined : personOf(last?.causeActor ?? '');
  if (last && by !== undefined && (last.finishedAt ?? 0) >= since)
    return { code: 'decided-meanwhile', why: `${by} ended the deployment of ${last.version} that it waited for` };
  const newer = newerLive(context, target, build);
  if (newer !== undefined) return { code: 'older', why: `its commit is older than that of ${newer}, which is live` };
  const answer = flow.admit(target.key, { actor: hookActor(build), version: build.version });
  if (answer.ok) return answer.value;
  const { code, sentence } = answer.refusal;
  return code === 'target-busy' && clock.now() < since + waitMs ? 'busy' : { code, why: sentence };
}

function begin(
  tx: Tx,
  target: BuildTarget,
  { build, admitted }: { readonly build: StoredBuild; readonly admitted: AdmittedDeployment },
): void {
  remove(tx, target, build);
  admitted.create(tx, reasonOf(build));
}

function end(
  tx: Tx,
  target: BuildTarget,
  ending: Against & { readonly build: StoredBuild; readonly by?: StoredBuild },
): void {
  remove(tx, target, ending.build);
  recordNotDeployed(tx, target.key, ending);
}
