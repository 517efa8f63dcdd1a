// What a person does about a request that waits: takes it out, or puts it first.

import type { WaitingView } from '../../api/waiting.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { Tx } from '../../state/store.ts';
import { changeWaiting, readWaiting, type WaitingRow } from '../../state/waiting.ts';
import { type Core, type Target, targetOf } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { ask, inTeam, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { recordRefusal } from '../verbs/refused.ts';
import { cancelBuild, isBuildId, putBuildFirst } from './change-build.ts';
import { viewWaiting } from './waiting-view.ts';

const maxReason = 500;

export function cancelWaiting(core: Core, id: string, actor: Actor, reason = ''): Result<WaitingView> {
  if (isBuildId(id)) return cancelBuild(core, id, actor, reason);
  return change(core, { id, actor, verb: 'cancel' }, (tx, { key, name }, row) => {
    const why = reason.trim().slice(0, maxReason);
    const by = actorName(actor);
    changeWaiting(tx, row.id, { status: 'cancelled', endedAt: tx.now, endedBy: by, problem: why || null });
    tx.audit({
      ...key,
      actor: by,
      action: 'request-cancelled',
      sentence: `${shortName(by)} cancels the deployment of ${row.version} to ${name}, which ${shortName(row.requestedBy)} asked for${why === '' ? '' : `: ${why}`}`,
      detail: { request: row.id, version: row.version, requestedBy: row.requestedBy },
    });
    return undefined;
  });
}

export function putFirst(core: Core, id: string, actor: Actor, reason: string): Result<WaitingView> {
  if (isBuildId(id)) return putBuildFirst(core, id, actor, reason);
  return change(core, { id, actor, verb: 'put first' }, (tx, { key, name }, row) => {
    const why = reason.trim().slice(0, maxReason);
    if (why === '')
      return refuse('reason-missing', 'what goes before the others needs its reason', 'Say in a few words why.');
    changeWaiting(tx, row.id, { firstBecause: why });
    const by = actorName(actor);
    tx.audit({
      ...key,
      actor: by,
      action: 'request-first',
      sentence: `${shortName(by)} puts ${row.version} before the others that wait for ${name}${row.status === 'scheduled' ? ` from ${row.wall} ${row.zone} on` : ''}: ${why}`,
      detail: { request: row.id, version: row.version, requestedBy: row.requestedBy },
    });
    return undefined;
  });
}

interface Asked {
  readonly id: string;
  readonly actor: Actor;
  readonly verb: string;
}

function change(
  core: Core,
  { id, actor, verb }: Asked,
  act: (tx: Tx, target: Target, row: WaitingRow) => ReturnType<typeof refuse> | undefined,
): Result<WaitingView> {
  const answer = core.store.write((tx): Result<undefined> => {
    const row = readWaiting(tx.db, id);
    const target = row && targetOf(core, row);
    const member = ask([{ gate: inTeam }, { gate: sameConfiguration }], { actor, otherDriver: otherDriver(core) });
    if (!member.ok) return member;
    if (!row || !target)
      return refuse('no-such-request', `there is no waiting request ${id.slice(0, 40)}`, 'See `bg queue`.');
    if (row.endedAt !== null)
      return refuse('already-decided', `${row.version} does not wait any more: it was ${row.status}`);
    const operates = mayOperate({ actor, name: target.name, rules: target.settings });
    return operates.ok ? (act(tx, target, row) ?? ok(undefined)) : operates;
  });
  const row = readWaiting(core.store.db, id);
  const target = row && targetOf(core, row);
  if (answer.ok && row && target) return ok(viewWaiting(core, target, row));
  if (answer.ok) return refuse('no-such-request', `there is no waiting request ${id.slice(0, 40)}`);
  recordRefusal(core, { actor, verb, refusal: answer.refusal, key: target?.key });
  return answer;
}
