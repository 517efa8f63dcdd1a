// `request`: deploys now, or lets the request wait with a place and an estimate. Gates are asked again when it begins.

import { randomBytes } from 'node:crypto';
import type { Requested, WaitingRequest } from '../../api/waiting.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { type DeploymentRow, liveDeployment } from '../../state/deployments.ts';
import { canaryKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { addWaiting, readWaiting, type WaitingRow, waitingOf } from '../../state/waiting.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, type GateFacts, inTeam, releaseKnown, sameConfiguration } from '../gates/gates.ts';
import { mayDeploy } from '../gates/roles.ts';
import { readCanary } from '../plan/canary-request.ts';
import { deployWithin } from '../verbs/deploy.ts';
import { refused } from '../verbs/refused.ts';
import { viewDeployment } from '../views/deployment-view.ts';
import { mostWaiting, readWhen, type When } from './policy.ts';
import { viewWaiting } from './waiting-view.ts';

export function requestDeployment(core: Core, request: WaitingRequest): Result<Requested> {
  const refusal = { actor: request.actor, verb: `deploy ${request.version.slice(0, 64)}` };
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, refusal, found);
  const target = found.value;
  const answer = core.store.write((tx) => requestWithin(core, tx, target, request));
  return answer.ok ? ok(viewRequested(core, target, answer.value)) : refused(core, refusal, answer, target);
}

export type RequestRow =
  | { readonly kind: 'begun'; readonly row: DeploymentRow }
  | { readonly kind: 'waiting'; readonly row: WaitingRow };

/** In the transaction of the caller, who records a refusal. */
export function requestWithin(core: Core, tx: Tx, target: Target, request: WaitingRequest): Result<RequestRow> {
  if (request.actor.kind === 'person' && mustWait(core, target, request)) {
    const waiting = admit(core, tx, target, request);
    return waiting.ok ? ok({ kind: 'waiting', row: waiting.value }) : waiting;
  }
  const begun = deployWithin(core, tx, target, request);
  return begun.ok ? ok({ kind: 'begun', row: begun.value }) : begun;
}

const viewRequested = (core: Core, target: Target, asked: RequestRow): Requested =>
  asked.kind === 'waiting'
    ? { kind: 'waiting', waiting: viewWaiting(core, target, asked.row) }
    : { kind: 'begun', deployment: viewDeployment(core, asked.row) };

/** The version that is being deployed does not wait for itself: a retry gets the answer that it is under way. */
function mustWait({ store }: Core, { key }: Target, { at, version }: WaitingRequest): boolean {
  if (at !== undefined) return true;
  const live = liveDeployment(store.db, key);
  if (live) return live.version !== version || live.direction !== 'forward';
  return waitingOf(store.db, key).some(({ status }) => status === 'queued');
}

const gatesOfWaiting = [
  { gate: inTeam },
  { gate: sameConfiguration },
  { gate: mayDeploy },
  { gate: releaseKnown },
] as const;

/** A request for the same version that waits already is the answer to a second one. */
function admit(core: Core, tx: Tx, target: Target, request: WaitingRequest): Result<WaitingRow> {
  const facts: GateFacts = gatherFacts(core, target, request);
  const answer = ask(gatesOfWaiting, facts);
  if (!answer.ok) return answer;
  if (request.overrideFreeze)
    return refuse(
      'not-allowed-now',
      'a freeze is overridden only for a deployment that begins at once, and this one waits',
      'Ask without the override; when it is due, deploy it with the override if a freeze holds then.',
    );
  const when = request.at === undefined ? undefined : readWhen(request.at, zoneOf(target, request), tx.now);
  if (when && !when.ok) return when;
  if (request.first && (request.reason ?? '').trim() === '')
    return refuse('reason-missing', 'what goes before the others needs its reason', 'Say in a few words why.');
  const canary = request.canary === undefined ? undefined : readCanary(request.canary, target.settings);
  if (canary && !canary.ok) return canary;
  const others = waitingOf(tx.db, target.key);
  const same = others.find((each) => each.version === request.version && each.wall === (when?.value.wall ?? null));
  if (same) return ok(same);
  if (others.length >= mostWaiting)
    return refuse(
      'queue-full',
      `${others.length} deployments wait for ${target.name}, and no more may`,
      'Take one out of the queue: `bg queue`, then `bg cancel <id>`.',
    );
  const row = create(tx, target, { request, when: when?.value });
  if (canary) putSnapshot(tx.db, canaryKey(row.id), canary.value, tx.now);
  return ok(row);
}

export const zoneOf = ({ settings }: Target, { zone }: Pick<WaitingRequest, 'zone'>): string =>
  zone ?? settings.freezes?.[0]?.zone ?? 'UTC';

interface Created {
  readonly request: WaitingRequest;
  readonly when: When | undefined;
}

function create(tx: Tx, { key, name }: Target, { request, when }: Created): WaitingRow {
  const { actor, version, hold = false, redeploy = false, reason } = request;
  const id = `w_${randomBytes(4).toString('hex')}`;
  const because = reason?.trim().slice(0, 500) || null;
  addWaiting(tx, {
    id,
    ...key,
    version,
    hold,
    redeploy,
    reason: because,
    requestedBy: actorName(actor),
    requestedAt: tx.now,
    wall: when?.wall ?? null,
    zone: when?.zone ?? null,
    dueAt: when?.at ?? null,
    firstBecause: request.first ? because : null,
    status: when ? 'scheduled' : 'queued',
  });
  tx.audit({
    ...key,
    actor: actorName(actor),
    action: when ? 'deployment-scheduled' : 'deployment-queued',
    sentence: `${nameOf(actor)} asks to deploy ${name} ${version} ${when ? `at ${when.wall} ${when.zone}` : 'when the one that runs has ended'}${because === null ? '' : `: ${because}`}`,
    detail: { request: id, version, dueAt: when?.at ?? null },
  });
  const row = readWaiting(tx.db, id);
  if (!row) throw new Error(`the request ${id} was not written`);
  return row;
}

const nameOf = (actor: Actor): string => shortName(actorName(actor));
