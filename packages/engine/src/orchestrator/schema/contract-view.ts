// A contract as people see it: what it runs, what it makes impossible, who decides.

import type { ApprovalGroupView } from '../../api/approval-group.ts';
import { personOf } from '../../domain/actor.ts';
import { type ContractRow, lastContract, liveContract } from '../../state/contracts.ts';
import { contractKey, getSnapshot } from '../../state/snapshots.ts';
import { type Core, requireTarget, type Target } from '../core.ts';
import { contractCounts, groupsShown } from '../plan/approval-counts.ts';
import { contractState } from './contract-state.ts';
import type { SchemaEvidence } from './evidence.ts';
import { impossibleSentence } from './who-needs.ts';

export interface ContractView {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly channel: string;
  /** The release whose files it runs: the one that was live when it was asked for. */
  readonly version: string;
  /** Ids. */
  readonly migrations: readonly string[];
  /** The SQL, file by file. */
  readonly statements: readonly string[];
  readonly impossible: readonly string[];
  /** `after this, rollback to v2.0 is impossible`. */
  readonly consequence: string;
  /** The verdict on who can live with it, when it was asked for. */
  readonly verdict: string | undefined;
  readonly status: ContractRow['status'];
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly reason: string | undefined;
  readonly needed: number;
  /** Person ids, in order. */
  readonly given: readonly string[];
  /** As of the approval of a deployment. */
  readonly groups?: readonly ApprovalGroupView[];
  readonly missing?: string;
  readonly deadlineAt: number;
  readonly approvers: readonly string[];
  readonly fourEyes: boolean;
  readonly decidedBy: string | undefined;
  readonly endedAt: number | undefined;
  /** Approved or begun, and no controller is alive to end it. */
  readonly isCutOff: boolean;
  /** What is to be done, one sentence; undefined once it has ended. */
  readonly next: string | undefined;
  readonly problem: string | undefined;
}

export function viewContract(core: Core, row: ContractRow): ContractView {
  const { settings, name } = requireTarget(core, row);
  const rule = settings.approval;
  const counts = contractCounts(core.store.db, rule, row);
  return {
    id: row.id,
    service: row.service,
    target: row.target,
    name,
    channel: settings.channel,
    version: row.version,
    migrations: row.migrations,
    statements: row.statements,
    impossible: row.impossible,
    consequence: impossibleSentence(row.impossible),
    verdict: getSnapshot<SchemaEvidence>(core.store.db, contractKey(row.id))?.value.headline,
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt,
    reason: row.reason ?? undefined,
    needed: row.needed,
    given: counts.votes.map(({ person }) => personOf(person) ?? person),
    deadlineAt: row.deadlineAt,
    approvers: settings.approval.approvers,
    ...groupsShown(rule, counts),
    fourEyes: settings.approval.fourEyes,
    decidedBy: row.decidedBy ?? undefined,
    ...contractState(core, row),
    problem: row.problem ?? undefined,
  };
}

/** The one under way, or else the last one. */
export function contractOf(core: Core, { key }: Target): ContractView | undefined {
  const row = liveContract(core.store.db, key) ?? lastContract(core.store.db, key);
  return row && viewContract(core, row);
}
