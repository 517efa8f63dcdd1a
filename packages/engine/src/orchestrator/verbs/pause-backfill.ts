// `bg migrate pause` and `resume`: a person holds the backfill of a target, and lets it go on.

import type { BackfillHold } from '../../api/migrations.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { clockTime } from '../../domain/times.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { heldBackfill, holdBackfill, letBackfillGo } from '../schema/hold-backfill.ts';
import { type SchemaView, schemaView } from '../schema/schema-view.ts';
import { maxReason } from './decide.ts';
import { recordRefusal } from './refused.ts';

export function pauseBackfill(core: Core, request: BackfillHold): Result<SchemaView> {
  return change(core, request, 'pause', (target, tx) => {
    const held = heldBackfill(core, target);
    if (held)
      return refuse(
        'already-decided',
        `${shortName(held.by)} holds the backfill of ${target.name} since ${clockTime(held.at)}`,
        'Let it go on with `bg migrate resume`.',
      );
    const by = actorName(request.actor);
    const reason = request.reason?.trim().slice(0, maxReason) || undefined;
    holdBackfill(tx, target, { by, at: tx.now, reason });
    const why = reason === undefined ? '' : `: ${reason}`;
    tx.audit({
      ...target.key,
      actor: by,
      action: 'backfill-paused',
      sentence: `${shortName(by)} holds the backfill of ${target.name}${why}`,
    });
    return undefined;
  });
}

export function resumeBackfill(core: Core, request: BackfillHold): Result<SchemaView> {
  return change(core, request, 'resume', (target, tx) => {
    const held = heldBackfill(core, target);
    if (!held)
      return refuse('not-allowed-now', `no one holds the backfill of ${target.name}`, 'See `bg migrate status`.');
    letBackfillGo(tx, target);
    const by = actorName(request.actor);
    tx.audit({
      ...target.key,
      actor: by,
      action: 'backfill-resumed',
      sentence: `${shortName(by)} lets the backfill of ${target.name} go on, which ${shortName(held.by)} held since ${clockTime(held.at)}`,
    });
    return undefined;
  });
}

type Tx = Parameters<typeof holdBackfill>[0];
type Act = (target: Target, tx: Tx) => ReturnType<typeof refuse> | undefined;

function change(core: Core, { actor, ...ref }: BackfillHold, verb: string, act: Act): Result<SchemaView> {
  const found = findTarget(core, ref);
  if (!found.ok) return refused(core, { actor, verb, refusal: found.refusal });
  const target = found.value;
  const answer = core.store.write((tx): Result<undefined> => {
    const may = ask(
      [{ gate: inTeam }, { gate: mayOperate }, { gate: sameConfiguration }] as const,
      gatherFacts(core, target, { actor, version: '' }),
    );
    if (!may.ok) return may;
    if (target.migrator.kind === undefined) return refuse('schema-refused', `${target.name} has no database`);
    return act(target, tx) ?? ok(undefined);
  });
  const view = schemaView(core, target);
  if (answer.ok && view) return ok(view);
  const refusal = answer.ok ? refuse('schema-refused', `${target.name} has no database`).refusal : answer.refusal;
  return refused(core, { actor, verb, refusal, target });
}

function refused(
  core: Core,
  { actor, verb, refusal, target }: { actor: Actor; verb: string; refusal: Refusal; target?: Target },
): { readonly ok: false; readonly refusal: Refusal } {
  recordRefusal(core, { actor, verb: `${verb} backfill`, refusal, key: target?.key });
  return { ok: false, refusal };
}
