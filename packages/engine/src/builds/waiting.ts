// A build that a rule deploys waits while its target is busy: one per target, and a newer one replaces it. The wait ends
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
import { newerLive } from './order.ts';
import { hookActor, waitMs } from './react.ts';
import { reasonOf, recordNotDeployed } from './record.ts';

interface Waiting {
  readonly build: number;
}

export function waitForTarget(tx: Tx, target: BuildTarget, build: StoredBuild): void {
  supersedeWaiting(tx, target, build);
  putSnapshot(tx.db, waitingKey(target.key), { build: build.id } satisfies Waiting, tx.now);
}

/** The build that waits there will not be deployed: `newer` replaces it. */
export function supersedeWaiting(tx: Tx, target: BuildTarget, newer: StoredBuild): void {
  const waiting = waitingBuild(tx.db, target);
  if (!waiting) return;
  end(tx, target, { build: waiting, code: 'superseded', why: `${newer.version} came after it` });
}

/** The controller calls it again and again: it deploys the waiting build once the target is free. */
export function deployWaitingBuild(context: BuildsContext, key: TargetKey, lease: Lease): void {
  const { store, clock } = context;
  const target = context.targets.find((each) => each.key.service === key.service && each.key.target === key.target);
  const since = getSnapshot<Waiting>(store.db, waitingKey(key))?.at;
  if (!target || since === undefined || (liveDeployment(store.db, key) && clock.now() < since + waitMs)) return;
  store.under(lease).write((tx) => {
    const build = waitingBuild(tx.db, target);
    if (!build) return;
    const decided = decide(context, target, { build, since });
    if (decided === 'busy') return;
    if ('code' in decided) end(tx, target, { build, ...decided });
    else begin(tx, target, { build, admitted: decided });
  });
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
  dropSnapshot(tx.db, waitingKey(target.key));
  admitted.create(tx, reasonOf(build));
}

function end(tx: Tx, target: BuildTarget, ending: Against & { readonly build: StoredBuild }): void {
  dropSnapshot(tx.db, waitingKey(target.key));
  recordNotDeployed(tx, target.key, ending);
}

function waitingBuild(db: Tx['db'], { key }: BuildTarget): StoredBuild | undefined {
  const waiting = getSnapshot<Waiting>(db, waitingKey(key));
  return waiting && readBuild(db, waiting.value.build);
}
