// The controller's part: begins what waits when its time has come and the target is free. The end of the request and the deployment
// are one transaction under the lease, so that each begins once, whatever dies or jumps.

import { type Actor, personOf, shortName } from '../../domain/actor.ts';
import type { Mode } from '../../domain/deployment.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { forHowLong } from '../../domain/times.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { canaryKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { changeWaiting, readWaiting, type WaitingRow, waitingOf } from '../../state/waiting.ts';
import type { Core, Target } from '../core.ts';
import { gatherFacts } from '../gates/facts.ts';
import { ask, type GateFacts, gatesOfDeploy } from '../gates/gates.ts';
import { createDeployment, newDeploymentId, slotFor } from '../verbs/deploy.ts';
import { dueAt, mostWaiting, turnOf } from './policy.ts';

const lookEveryMs = 1_000;

export async function beginWaiting(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const target of core.targets)
      try {
        beginDue(core, target, lease);
      } catch (thrown) {
        if (hasCode(thrown, 'fenced-out') || hasCode(thrown, 'state-locked')) throw thrown;
        core.log.error({ target: target.name, problem: messageOf(thrown) }, 'what waits could not begin, tries again');
      }
    await core.changeSignal.changed(lookEveryMs, signal);
  }
}

/** What is due joins the queue; of the queue, the first one begins when the target is free. */
export function beginDue(core: Core, target: Target, lease: Lease): void {
  for (let left = mostWaiting; left > 0; left -= 1) {
    const live = liveDeployment(core.store.db, target.key);
    const next = waitingOf(core.store.db, target.key).find(
      (row) => turnOf(row, core.clock.now()) !== 'wait' && (row.status === 'scheduled' || live === undefined),
    );
    // Each look writes only where something changes.
    if (!next || (next.status === 'queued' && isBusy(answerOf(core, target, next).refusal))) return;
    core.store.under(lease).write((tx) => {
      const row = readWaiting(tx.db, next.id);
      if (row && row.endedAt === null) settle(core, tx, target, row);
    });
  }
}

function settle(core: Core, tx: Tx, target: Target, row: WaitingRow): void {
  if (turnOf(row, tx.now) === 'missed') {
    const late = forHowLong(tx.now - (dueAt(row) ?? tx.now));
    end(tx, target, row, {
      status: 'missed',
      problem: `no controller ran at ${row.wall} ${row.zone}, which is ${late} ago: it is too late to begin it`,
    });
    return;
  }
  const { facts, refusal } = answerOf(core, target, row);
  if (!refusal) begin(tx, target, row, facts);
  else if (!isBusy(refusal)) end(tx, target, row, { status: 'refused', problem: refusal.sentence, refusal });
  else if (row.status === 'scheduled') enqueue(tx, target, row);
}

const isBusy = (refusal: Refusal | undefined): boolean => refusal?.code === 'target-busy';

function answerOf(core: Core, target: Target, row: WaitingRow) {
  const { version, redeploy, reason } = row;
  const facts = gatherFacts(core, target, {
    actor: actorOf(core, row),
    version,
    redeploy,
    reason: reason ?? undefined,
  });
  const answer = ask(gatesOfDeploy, facts);
  return { facts, refusal: answer.ok ? undefined : answer.refusal };
}

/** A person who was taken from the list meanwhile may not deploy. */
function actorOf({ settings }: Core, { requestedBy }: WaitingRow): Actor {
  const id = personOf(requestedBy);
  const isListed = settings.people.some((person) => person.id === id);
  return id !== undefined && isListed
    ? { kind: 'person', id, door: 'cli' }
    : { kind: 'stranger', name: shortName(requestedBy), door: 'cli' };
}

function begin(tx: Tx, target: Target, row: WaitingRow, facts: GateFacts): void {
  const id = newDeploymentId();
  const mode: Mode = facts.active?.version === row.version ? 'redeploy' : 'deploy';
  createDeployment(tx, target, {
    id,
    mode,
    version: row.version,
    slot: slotFor(facts),
    from: facts.active,
    hold: row.hold,
    reason: row.reason ?? undefined,
    requestedBy: row.requestedBy,
  });
  const canary = getSnapshot(tx.db, canaryKey(row.id))?.value;
  if (canary !== undefined) putSnapshot(tx.db, canaryKey(id), canary, tx.now);
  changeWaiting(tx, row.id, { status: 'deployed', deploymentId: id, endedAt: tx.now, endedBy: 'engine' });
}

function enqueue(tx: Tx, { key, name }: Target, row: WaitingRow): void {
  changeWaiting(tx, row.id, { status: 'queued' });
  tx.audit({
    ...key,
    actor: 'engine',
    action: 'deployment-queued',
    sentence: `${row.version}, which was scheduled for ${row.wall} ${row.zone}, waits until ${name} is free`,
    detail: { request: row.id, version: row.version, dueAt: row.dueAt },
  });
}

interface Ending {
  readonly status: 'missed' | 'refused';
  readonly problem: string;
  readonly refusal?: Refusal;
}

function end(tx: Tx, { key, name }: Target, row: WaitingRow, { status, problem, refusal }: Ending): void {
  changeWaiting(tx, row.id, { status, problem: problem.slice(0, 500), endedAt: tx.now, endedBy: 'engine' });
  const sentence = `${row.version}, which ${shortName(row.requestedBy)} asked for, is not deployed to ${name}: ${problem}`;
  const detail = { request: row.id, version: row.version, requestedBy: row.requestedBy };
  if (refusal) tx.audit({ ...key, actor: 'engine', action: 'request-refused', code: refusal.code, sentence, detail });
  else tx.audit({ ...key, actor: 'engine', action: 'request-missed', sentence, detail });
}
