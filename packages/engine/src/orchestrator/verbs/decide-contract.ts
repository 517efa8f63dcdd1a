// The decision about a contract: bound to what was asked for, the first one counts.

import { groupsOf, missingApprovals, missingText } from '../../config/approval/groups.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { addContractVote, type ContractRow, changeContract, readContract } from '../../state/contracts.ts';
import type { Tx } from '../../state/store.ts';
import { type Core, requireTarget, type Target } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { ask, inTeam, sameConfiguration } from '../gates/gates.ts';
import { type ApprovalCounts, contractCounts } from '../plan/approval-counts.ts';
import { contractSentence, contractState } from '../schema/contract-state.ts';
import { type ContractView, viewContract } from '../schema/contract-view.ts';
import { impossibleSentence } from '../schema/who-needs.ts';
import { maxReason, mayDecide, type Refused } from './decide.ts';
import { recordRefusal } from './refused.ts';

export function approveContract(core: Core, id: string, actor: Actor): Result<ContractView> {
  return decideContract(core, { id, actor, verb: 'approve' }, (tx, target, row) => {
    const refusal = mayDecide({ core, target, row, actor }, { what: `the contract of ${row.migrations.join(', ')}` });
    if (refusal) return refusal;
    const person = actorName(actor);
    const rule = target.settings.approval;
    const before = contractCounts(tx.db, rule, row);
    if (before.votes.some((vote) => vote.person === person))
      return refuse('already-decided', `${shortName(person)} has approved already; ${stillMissing(row, before)}`);
    addContractVote(tx, id, person);
    const groups = actor.kind === 'person' ? groupsOf(rule.groups, actor) : [];
    const votes = [...before.votes, { person, groups }];
    if (missingApprovals({ needed: row.needed, groups: rule.groups }, votes).people === 0)
      changeContract(tx, id, { status: 'approved', decidedBy: person, decidedAt: tx.now });
    const ofGroups = groups.length === 0 ? '' : `, of ${groups.join(' and ')}`;
    const count = `${row.needed > 1 ? ` (${votes.length} of ${row.needed})` : ''}${ofGroups}`;
    note(tx, target, row, {
      actor,
      action: 'contract-approved',
      ...(rule.groups.length === 0 ? {} : { groups }),
      sentence: `${shortName(person)} approves the contract of ${row.migrations.join(', ')}${count}: ${impossibleSentence(row.impossible)}`,
    });
    return undefined;
  });
}

export function rejectContract(core: Core, id: string, actor: Actor, reason: string): Result<ContractView> {
  return decideContract(core, { id, actor, verb: 'reject' }, (tx, target, row) => {
    const refusal = mayDecide({ core, target, row, actor }, { asRequester: true });
    if (refusal) return refusal;
    const text = reason.trim().slice(0, maxReason);
    if (text === '') return refuse('reason-missing', 'a reject needs its reason', 'Say in a few words why.');
    const person = actorName(actor);
    changeContract(tx, id, {
      status: 'rejected',
      decidedBy: person,
      decidedAt: tx.now,
      endedAt: tx.now,
      problem: text,
    });
    note(tx, target, row, {
      actor,
      action: 'contract-ended',
      code: 'rejected',
      sentence: `${shortName(person)} rejects the contract of ${row.migrations.join(', ')}: ${text}`,
    });
    return undefined;
  });
}

const stillMissing = ({ needed }: ContractRow, { missing }: ApprovalCounts): string =>
  missing.groups.length === 0 ? `${needed} people are needed` : `it waits for ${missingText(missing)}`;

function decideContract(
  core: Core,
  { id, actor, verb }: { readonly id: string; readonly actor: Actor; readonly verb: string },
  act: (tx: Tx, target: Target, row: ContractRow) => Refused | undefined,
): Result<ContractView> {
  const answer = core.store.write((tx): Result<ContractRow> => {
    const row = readContract(tx.db, id);
    if (!row) return refuse('no-such-contract', `there is no contract ${id.slice(0, 40)}`, 'See `bg migrate status`.');
    const member = ask([{ gate: inTeam }, { gate: sameConfiguration }], { actor, otherDriver: otherDriver(core) });
    if (!member.ok) return member;
    const state = contractState(core, row);
    if (state.status === 'pending') return act(tx, requireTarget(core, row), row) ?? ok(readContract(tx.db, id) ?? row);
    if (state.isCutOff && verb === 'approve') return goOn(tx, requireTarget(core, row), row, actor);
    return refuse(
      'already-decided',
      `${contractSentence(core, row)}${row.decidedBy ? `, decided by ${shortName(row.decidedBy)}` : ''}`,
      `The first decision counts. ${state.next ?? ''}`.trimEnd(),
    );
  });
  if (answer.ok) return ok(viewContract(core, answer.value));
  const row = readContract(core.store.db, id);
  recordRefusal(core, { actor, verb: `${verb} contract`, refusal: answer.refusal, key: row });
  return answer;
}

/** It is decided already; who says yes again, where no controller is alive, is going to run it to its end. */
function goOn(tx: Tx, target: Target, row: ContractRow, actor: Actor): Result<ContractRow> {
  note(tx, target, row, {
    actor,
    action: 'contract-continued',
    sentence: `${shortName(actorName(actor))} lets the contract ${row.id} of ${row.migrations.join(', ')} go on, which was ${row.status === 'running' ? 'cut off' : 'approved and not begun'}`,
  });
  return ok(row);
}

function note(
  tx: Tx,
  target: Target,
  row: ContractRow,
  event: { readonly actor: Actor; readonly sentence: string } & (
    | { readonly action: 'contract-approved'; readonly groups?: readonly string[] }
    | { readonly action: 'contract-continued' }
    | { readonly action: 'contract-ended'; readonly code: 'rejected' }
  ),
): void {
  const groups = event.action === 'contract-approved' && event.groups ? { groups: event.groups } : {};
  tx.audit({ ...target.key, ...event, actor: actorName(event.actor), detail: { contract: row.id, ...groups } });
}
