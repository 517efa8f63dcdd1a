// The frame of everything that people decide about a running deployment: one transaction that compares the state the
// button was drawn for with the state that is. The first decision wins; a late one gets the name of the first person.

import type { DeploymentRef } from '../../api/engine.ts';
import { approvalRule } from '../../config/approval/approval.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import type { BareAction } from '../../domain/audit-events.ts';
import { ok, type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { clockTime } from '../../domain/times.ts';
import { advanceDeployment, type DeploymentRow, readDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readLock } from '../../state/targets.ts';
import { type Core, requireTarget, type Target } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { ask, inTeam, notLocked, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { refuseUnlessApprover } from './approver.ts';
import { recordRefusal } from './refused.ts';

export const maxReason = 500;

export interface Situation {
  readonly core: Core;
  readonly tx: Tx;
  readonly target: Target;
  readonly row: DeploymentRow;
  readonly actor: Actor;
}

export type Refused = { readonly ok: false; readonly refusal: Refusal };

export interface Decision {
  readonly verb: string;
  readonly ref: DeploymentRef;
  readonly actor: Actor;
  /** A late approve gets the decision as its answer rather than a stale card. */
  readonly tolerateStale?: boolean;
}

/** Frame of every decision: team, existence, staleness; then `act`, whose refusal is written too. */
export function decide(
  core: Core,
  decision: Decision,
  act: (situation: Situation) => Refused | undefined,
): Result<DeploymentRow> {
  const { ref, actor, verb } = decision;
  const answer = core.store.write((tx): Result<DeploymentRow> => {
    const row = readDeployment(tx.db, ref.id);
    if (!row)
      return refuse(
        'no-such-deployment',
        `there is no deployment ${ref.id.slice(0, 40)}`,
        'See history for the ones there are.',
      );
    const refusal = admissible(core, row, decision) ?? act({ core, tx, target: requireTarget(core, row), row, actor });
    return refusal ?? ok(readDeployment(tx.db, ref.id) ?? row);
  });
  if (!answer.ok) {
    const row = readDeployment(core.store.db, ref.id);
    recordRefusal(core, { actor, verb, refusal: answer.refusal, key: row, deploymentId: row?.id });
  }
  return answer;
}

function admissible(core: Core, row: DeploymentRow, { ref, actor, tolerateStale }: Decision): Refused | undefined {
  const target = requireTarget(core, row);
  const facts = { actor, otherDriver: otherDriver(core), name: target.name, rules: target.settings };
  const member = ask([{ gate: inTeam }, { gate: sameConfiguration }], facts);
  if (!member.ok) return member;
  // Who may decide about an approval is asked with the approval itself.
  const operates = tolerateStale ? undefined : mayOperate(facts);
  if (operates?.ok === false) return operates;
  if (row.finishedAt !== null && !tolerateStale)
    return refuse(
      'not-allowed-now',
      `${row.version} is finished: ${row.outcome} at ${clockTime(row.finishedAt)}`,
      'See status for what is possible now.',
    );
  return tolerateStale ? undefined : staleCard(row, ref);
}

export function staleCard(row: DeploymentRow, ref: DeploymentRef): Refused | undefined {
  if (ref.stateVersion === undefined || ref.stateVersion === row.stateVersion) return undefined;
  return refuse(
    'stale-card',
    `the deployment has moved on since this button was drawn (now: ${row.phase})`,
    'The card is drawn again; look, then click.',
  );
}

/** Of a deployment, or of a contract. */
export function mayDecide(
  {
    core,
    target,
    row,
    actor,
  }: Pick<Situation, 'core' | 'target' | 'actor'> & {
    readonly row: Pick<DeploymentRow, 'version' | 'requestedBy'> & Partial<Pick<DeploymentRow, 'plan'>>;
  },
  { asRequester = false, what = row.version }: { readonly asRequester?: boolean; readonly what?: string },
): Refused | undefined {
  const { fourEyes } = target.settings.approval;
  const { approvers } = approvalRule(target.settings.approval, row.plan?.risk);
  if (actor.kind !== 'person') return refuse('not-approver', 'only people decide', '');
  const contributors = core.builds.contributors(target.key, row.version);
  const contribution = contributors.contributionOf(actor.id);
  // A person who asked for it, or contributed to it, may always reject it.
  if (asRequester && (contribution !== undefined || actorName(actor) === row.requestedBy)) return undefined;
  if (fourEyes && actorName(actor) === row.requestedBy)
    return refuse(
      'four-eyes',
      `${who(actor)} asked for ${what} and cannot approve it`,
      `Ask ${approvers.filter((id) => id !== actor.id).join(', ') || 'another approver'}.`,
    );
  if (fourEyes && contribution !== undefined)
    return refuse(
      'four-eyes',
      `${who(actor)} ${contribution} and cannot approve ${what === row.version ? 'it' : what}`,
      `Ask ${approvers.filter((id) => !contributors.people.includes(id)).join(', ') || 'another approver'}.`,
    );
  return refuseUnlessApprover(target, actor, approvers);
}

export function unlocked({ core, target, actor, tx }: Situation): Refused | undefined {
  const lock = readLock(core.store.db, target.key, tx.now);
  const answer = notLocked({ lock, actor, name: target.name, now: tx.now });
  return answer.ok ? undefined : answer;
}

export function moved(situation: Situation, action: BareAction, sentence: string): void {
  advanceDeployment(situation.tx, situation.row.id, {});
  note(situation, action, sentence);
}

export function note({ tx, target, row, actor }: Situation, action: BareAction, sentence: string): void {
  tx.audit({ ...target.key, actor: actorName(actor), action, deploymentId: row.id, sentence });
}

export function who(actor: Actor | string): string {
  return shortName(typeof actor === 'string' ? actor : actorName(actor));
}
