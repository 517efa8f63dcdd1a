// `rollback`: a warm side is a plan that begins at `promote`; a cold one is started and proved first.

import type { Engine } from '../../api/engine.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { type DeploymentRow, liveDeployment, readDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { type QuarantineRow, readQuarantine, readRelease } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide, findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, gatesOfRollback, notDrifted, refuseMarked } from '../gates/gates.ts';
import { isGone } from '../releases/stored.ts';
import { allowInstead } from '../run/next-older.ts';
import { lostFor } from '../schema/observe.ts';
import { alreadyBack } from './already-back.ts';
import { beginWayBack } from './begin.ts';
import { recordRefusal } from './refused.ts';
import { rollbackTarget } from './rollback-target.ts';
import { giveUp } from './steer.ts';

type RollbackRequest = Parameters<Engine['rollback']>[0];

export function rollback(core: Core, request: RollbackRequest): Result<DeploymentRow> {
  return through(core, request, 'rollback', (tx, target) => decideRollback(core, tx, target, request));
}

/** Every gate of a rollback, and its first row, in the caller's transaction. */
export function decideRollback(core: Core, tx: Tx, target: Target, request: RollbackRequest): Result<DeploymentRow> {
  const answer = ask(
    gatesOfRollback,
    gatherFacts(core, target, { actor: request.actor, version: request.version ?? '' }),
  );
  if (!answer.ok) return answer;
  const live = liveDeployment(tx.db, target.key);
  if (live) return takeBack({ core, tx, target, live }, request);
  const known = notDrifted(gatherFacts(core, target, { actor: request.actor, version: '' }));
  if (!known.ok) return known;
  const active = activeSide(core, target);
  const before = alreadyBack(core, target, request, active?.version);
  if (before) return before;
  const to = rollbackTarget(core, target, request.version);
  if (!active || !to)
    return refuse(
      'no-rollback-target',
      request.version === undefined
        ? `${target.name} has no earlier release to go back to`
        : `${request.version} was never live on ${target.name}`,
      'Deploy the version you want instead.',
    );
  const marked = request.version === undefined ? undefined : refuseMarked(to.version, markOf(core, target, to.version));
  if (marked) return marked;
  const lost = lostFor(core, target, to.version);
  if (lost !== undefined) return cannotRun(target, to.version, lost);
  if (!to.warm && isGone(core, target, to.version))
    return refuse(
      'release-unknown',
      `the files of ${to.version} are not on this machine any more, and CI has not said where they are`,
      'Put them back into the releases folder, or go forward. `bg release list` shows what is here, `bg release pin` keeps it.',
    );
  if (to.version === active.version)
    return refuse('already-active', `${to.version} is what ${target.name} runs already`);
  const { actor, reason } = request;
  const begun = beginWayBack(core, tx, target, { mode: 'rollback', ...to, requestedBy: actorName(actor), reason });
  // The engine names the standby, and wants users off the live side, no matter which release they get.
  if (request.version === undefined || actor.kind === 'engine') allowInstead(tx, begun.id);
  return ok(begun);
}

function markOf({ store: { db } }: Core, { key }: Target, version: string): QuarantineRow | undefined {
  const digest = readRelease(db, key.service, version)?.digest;
  return digest === undefined ? undefined : readQuarantine(db, digest);
}

/** As far as the last check of the schema knows; the promotion itself asks the database. */
export function cannotRun(target: Target, version: string, evidence: string): ReturnType<typeof refuse> {
  return refuse(
    'schema-incompatible',
    `${version} cannot run on the schema of ${target.name} any more: ${evidence}`,
    'Go forward instead: deploy a release that knows this schema.',
  );
}

/** One transaction; a refusal is written. */
export function through(
  core: Core,
  request: TargetRef & { readonly actor: Actor },
  verb: string,
  act: (tx: Tx, target: Target) => Result<DeploymentRow>,
): Result<DeploymentRow> {
  const found = findTarget(core, request);
  const answer = found.ok ? core.store.write((tx) => act(tx, found.value)) : found;
  // The request named a side that serves already: nothing was refused.
  if (!answer.ok && !(verb === 'switch' && answer.refusal.code === 'already-active'))
    recordRefusal(core, {
      actor: request.actor,
      verb,
      refusal: answer.refusal,
      key: found.ok ? found.value.key : undefined,
    });
  return answer;
}

interface RunningThere {
  readonly core: Core;
  readonly tx: Tx;
  readonly target: Target;
  readonly live: DeploymentRow;
}

/** A running deployment is the thing to take back; naming its origin is the same request. */
function takeBack(
  { core, tx, target, live }: RunningThere,
  { actor, reason, version }: RollbackRequest,
): Result<DeploymentRow> {
  if (live.mode === 'rollback' && live.direction === 'forward' && (version === undefined || version === live.version))
    return refuse(
      'already-decided',
      `${shortName(live.requestedBy)} is rolling ${target.name} back to ${live.version} already`,
      'Watch it; abort takes the rollback itself back.',
    );
  if (version !== undefined && version !== live.fromVersion)
    return refuse(
      'target-busy',
      `${target.name} is deploying ${live.version}`,
      `Roll back without a version first; then to ${version}.`,
    );
  if (live.direction === 'unwinding')
    return refuse('already-decided', `${live.version} is being taken back already: ${live.cause ?? ''}`);
  const refused = giveUp({ core, tx, target, row: live, actor }, reason);
  if (refused) return refused;
  return ok(readDeployment(tx.db, live.id) ?? live);
}
