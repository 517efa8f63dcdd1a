// A build that a rule deploys while its target is busy: it waits, one per target, and a newer one takes its place. It has
// an end: the time is up, a person has decided otherwise meanwhile, or a gate says no.

import { personOf } from '../domain/actor.ts';
import type { StoredBuild } from '../domain/build.ts';
import type { Charge, Core, Target } from '../orchestrator/core.ts';
import { gatherFacts } from '../orchestrator/gates/facts.ts';
import { ask, gatesOfDeploy } from '../orchestrator/gates/gates.ts';
import { readBuild } from '../state/builds.ts';
import { liveDeployment, recentDeployments } from '../state/deployments.ts';
import { dropSnapshot, getSnapshot, putSnapshot, waitingKey } from '../state/snapshots.ts';
import type { Tx } from '../state/store.ts';
import { askFor } from './ask-for.ts';
import { newerLive } from './order.ts';
import { hookActor, waitMs } from './react.ts';
import { tellNotDeployed } from './tell.ts';

interface Waiting {
  readonly build: number;
}

export function waitFor(tx: Tx, target: Target, build: StoredBuild): void {
  giveWay(tx, target, build);
  putSnapshot(tx.db, waitingKey(target.key), { build: build.id } satisfies Waiting, tx.now);
}

/** Whatever waits there is not deployed any more: `newer` is. */
export function giveWay(tx: Tx, target: Target, newer: StoredBuild): void {
  const waiting = buildThatWaits(tx.db, target);
  if (!waiting) return;
  end(tx, target, { build: waiting, code: 'superseded', why: `${newer.version} came after it` });
}

/** For whoever drives, again and again: deploys what waits, once the target is free. */
export function deployWhatWaits({ core, target, lease }: Charge): void {
  const { db } = core.store;
  const since = getSnapshot<Waiting>(db, waitingKey(target.key))?.at;
  if (since === undefined || (liveDeployment(db, target.key) && core.clock.now() < since + waitMs)) return;
  core.store.under(lease).write((tx) => {
    const build = buildThatWaits(tx.db, target);
    if (!build) return;
    const why = reasonAgainst(core, target, { build, since });
    if (why === 'busy') return;
    if (why) end(tx, target, { build, ...why });
    else begin(core, tx, target, build);
  });
}

type Against = { readonly code: string; readonly why: string };

function reasonAgainst(
  core: Core,
  target: Target,
  { build, since }: { readonly build: StoredBuild; readonly since: number },
): Against | 'busy' | undefined {
  const [last] = recentDeployments(core.store.db, target.key, 1);
  const by = last?.outcome === 'promoted' ? undefined : personOf(last?.causeActor ?? '');
  if (last && by !== undefined && (last.finishedAt ?? 0) >= since)
    return { code: 'decided-meanwhile', why: `${by} ended the deployment of ${last.version} that it waited for` };
  const newer = newerLive(core, target, build);
  if (newer !== undefined) return { code: 'older', why: `its commit is older than that of ${newer}, which is live` };
  const answer = ask(gatesOfDeploy, gatherFacts(core, target, { actor: hookActor(build), version: build.version }));
  if (answer.ok) return undefined;
  const { code, sentence } = answer.refusal;
  return code === 'target-busy' && core.clock.now() < since + waitMs ? 'busy' : { code, why: sentence };
}

function begin(core: Core, tx: Tx, target: Target, build: StoredBuild): void {
  const facts = gatherFacts(core, target, { actor: hookActor(build), version: build.version });
  dropSnapshot(tx.db, waitingKey(target.key));
  askFor(tx, target, { build, facts });
}

function end(tx: Tx, target: Target, ending: Against & { readonly build: StoredBuild }): void {
  dropSnapshot(tx.db, waitingKey(target.key));
  tellNotDeployed(tx, target.key, ending);
}

function buildThatWaits(db: Tx['db'], { key }: Target): StoredBuild | undefined {
  const waiting = getSnapshot<Waiting>(db, waitingKey(key));
  return waiting && readBuild(db, waiting.value.build);
}
