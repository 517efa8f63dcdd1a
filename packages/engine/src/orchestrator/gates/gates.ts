// Gates: pure checks, asked in this order, each may refuse. The verb's transaction collects the facts they read once.

import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import type { SlotName } from '../../domain/target.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import type { LockRow, QuarantineRow } from '../../state/targets.ts';
import { type FreezeFacts, notFrozen, switchNotFrozen } from '../calendar/gate.ts';
import { mayDeploy, mayOperate, type RoleFacts } from './roles.ts';
import { type Suspension, suspensionSentence } from './suspension.ts';

export interface GateFacts extends FreezeFacts {
  readonly now: number;
  readonly name: string;
  readonly actor: Actor;
  readonly live: DeploymentRow | undefined;
  readonly lock: LockRow | undefined;
  readonly version: string;
  readonly active:
    | {
        readonly slot: SlotName;
        readonly version: string;
        readonly digest: string;
        readonly condition: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
      }
    | undefined;
  /** Known only when the version is registered. */
  readonly digest: string | undefined;
  readonly releaseExists: boolean;
  /** Not here yet, but announced by CI with a place to fetch it from. */
  readonly isAwaited: boolean;
  readonly nearestRelease: string | undefined;
  readonly quarantine: Pick<QuarantineRow, 'version' | 'reason' | 'by' | 'at'> | undefined;
  readonly redeploy: boolean;
  /** Why the state of this target is not known, after it was lost. */
  readonly unknownState: string | undefined;
  /** The controller that runs with another configuration than this process has; undefined when there is none. */
  readonly otherDriver: string | undefined;
  /** A contract of the schema that was approved and has not ended. */
  readonly contracting: { readonly migrations: string; readonly next: string | undefined } | undefined;
  /** What the load balancer does instead of what was decided, at the last check. */
  readonly drift: string | undefined;
  /** Who may do what on the target. */
  readonly rules: RoleFacts['rules'];
  readonly suspension: Suspension | undefined;
  /** Why the slot that a deployment would take cannot have its configured address. */
  readonly addressTaken: { readonly sentence: string; readonly hint: string } | undefined;
}

/** A gate names the facts it reads, so that it can be asked where only those are known. */
export type Gate<Known extends keyof GateFacts = keyof GateFacts> = (
  facts: Pick<GateFacts, Known>,
) => Result<undefined>;

const pass: Result<undefined> = { ok: true, value: undefined };

export const inTeam: Gate<'actor'> = ({ actor }) =>
  actor.kind === 'stranger'
    ? refuse(
        'not-in-team',
        `${actor.name} is not in the list of people of this configuration, and may look only`,
        'Ask a release manager to add you to `people`.',
      )
    : pass;

export const sameConfiguration: Gate<'otherDriver'> = ({ otherDriver }) =>
  otherDriver === undefined
    ? pass
    : refuse(
        'config-changed',
        `${otherDriver} drives with another configuration than this process was started with`,
        'Start both with the same bluegreen.yaml.',
      );

/** After a lost state, the side that seems empty may be the one that users get. */
export const stateKnown: Gate<'unknownState' | 'name'> = ({ unknownState, name }) =>
  unknownState === undefined
    ? pass
    : refuse(
        'state-unknown',
        `the state of ${name} was lost and could not be learnt: ${unknownState}`,
        'Mend what is named and wait a moment, or say what is live with `bg adopt <slot> <version>`.',
      );

export const releaseKnown: Gate = ({ releaseExists, isAwaited, version, nearestRelease }) =>
  releaseExists || isAwaited
    ? pass
    : refuse(
        'release-unknown',
        `there is no release ${version}`,
        nearestRelease === undefined
          ? 'See the releases folder of the service.'
          : `The nearest known one is ${nearestRelease}.`,
      );

export const notActiveAlready: Gate = ({ active, version, redeploy, name }) =>
  active?.version === version && !redeploy
    ? refuse(
        'already-active',
        `${version} is what ${name} runs already`,
        'Add `--redeploy` to deploy the same version again.',
      )
    : pass;

export const noLiveDeployment: Gate = ({ live, name, now }) =>
  live
    ? refuse(
        'target-busy',
        `${name} is busy: ${shortName(live.requestedBy)} has been deploying ${live.version} for ${forHowLong(now - live.requestedAt)} (${live.phase})`,
        `Wait for it, or end it with abort (${live.id}).`,
      )
    : pass;

/** Holds its owner too: who locks a target wants nothing to be deployed, least of all by mistake. */
export const notLocked: Gate<'lock' | 'actor' | 'name' | 'now'> = ({ lock, actor, name, now }) =>
  lock
    ? refuse(
        'target-locked',
        `${name} is locked by ${shortName(lock.owner)} for ${forHowLong(now - lock.since)}, until ${clockTime(lock.until)}: ${lock.reason}`,
        lock.owner === actorName(actor)
          ? 'It is your own lock: unlock it first.'
          : `Ask ${shortName(lock.owner)}, or unlock it.`,
      )
    : pass;

/** What a contract takes away must not be needed by a release that arrives meanwhile. */
export const notContracting: Gate<'contracting' | 'name'> = ({ contracting, name }) =>
  contracting === undefined
    ? pass
    : refuse(
        'target-busy',
        `the schema of ${name} is being contracted (${contracting.migrations})`,
        `Try again when that has ended. ${contracting.next ?? ''}`.trimEnd(),
      );

/** What users get is not known as it was decided: nothing is built upon it, forward or back, until a person decides. */
export const notDrifted: Gate<'drift' | 'name'> = ({ drift, name }) =>
  drift === undefined ? pass : refuse('drifted', `the load balancer of ${name} has drifted: ${drift}`, driftHint);

const driftHint =
  'An approver puts back what was decided (`bg routing restore`), or decides for what the load balancer does now (`bg routing adopt`).';

/** Addresses that were exchanged, or given to another slot, while the one that has them runs. */
export const addressFree: Gate<'addressTaken'> = ({ addressTaken }) =>
  addressTaken === undefined ? pass : refuse('port-taken', addressTaken.sentence, addressTaken.hint);

/** Names the version that was marked where it was another one with the same files. */
export function markSentence(version: string, mark: Pick<QuarantineRow, 'version' | 'by' | 'at' | 'reason'>): string {
  const what = mark.version === version ? version : `${version} has the files of ${mark.version}, which`;
  return `${what} was marked bad by ${shortName(mark.by)} at ${clockTime(mark.at)}: ${mark.reason}`;
}

/** A machine must not restore a release that users were taken off. A person may, and gets a warning as a reminder. */
export const notQuarantined: Gate = ({ quarantine, actor, version }) =>
  quarantine && actor.kind === 'machine'
    ? refuse(
        'quarantined',
        markSentence(version, quarantine),
        `A person may deploy it all the same, or clear the mark: \`bg release clear ${version} --reason "…"\`.`,
      )
    : pass;

/** Only machines: a person who deploys has seen what happened. */
export const notSuspended: Gate<'suspension' | 'actor' | 'name' | 'now'> = ({ suspension, actor, name, now }) =>
  suspension && actor.kind === 'machine'
    ? refuse(
        'target-suspended',
        suspensionSentence(name, suspension, now),
        'A person deploys the version, or resumes the automation with `bg unsuspend`.',
      )
    : pass;

/** Neither goes through the checks and approvals that a deployment has: a person decides about the mark first. */
export function refuseMarked(version: string, mark: QuarantineRow | undefined): ReturnType<typeof refuse> | undefined {
  return (
    mark &&
    refuse(
      'quarantined',
      markSentence(version, mark),
      `Deploy it again, so that it is checked and approved: \`deploy ${version}\`. Or clear the mark, if it is wrong: \`bg release clear ${version} --reason "…"\`.`,
    )
  );
}

export const gatesOfDeploy: readonly { readonly name: string; readonly gate: Gate }[] = [
  { name: 'team', gate: inTeam },
  { name: 'configuration', gate: sameConfiguration },
  { name: 'role', gate: mayDeploy },
  { name: 'state', gate: stateKnown },
  { name: 'drift', gate: notDrifted },
  { name: 'release', gate: releaseKnown },
  { name: 'lock', gate: notLocked },
  { name: 'freeze', gate: notFrozen },
  { name: 'quarantine', gate: notQuarantined },
  { name: 'automation', gate: notSuspended },
  { name: 'busy', gate: noLiveDeployment },
  { name: 'contract', gate: notContracting },
  { name: 'already active', gate: notActiveAlready },
  { name: 'port', gate: addressFree },
];

export const gatesOfSwitch: readonly { readonly name: string; readonly gate: Gate }[] = [
  { name: 'team', gate: inTeam },
  { name: 'configuration', gate: sameConfiguration },
  { name: 'role', gate: mayDeploy },
  { name: 'drift', gate: notDrifted },
  { name: 'lock', gate: notLocked },
  { name: 'freeze', gate: switchNotFrozen },
  { name: 'busy', gate: noLiveDeployment },
  { name: 'contract', gate: notContracting },
];

/** The way back is never locked, frozen or queued. */
export const gatesOfRollback: readonly { readonly name: string; readonly gate: Gate }[] = [
  { name: 'team', gate: inTeam },
  { name: 'configuration', gate: sameConfiguration },
  { name: 'role', gate: mayOperate },
];

/** The first refusal, or a pass. */
export function ask<Facts>(
  gates: readonly { readonly gate: (facts: Facts) => Result<undefined> }[],
  facts: Facts,
): Result<undefined> {
  for (const { gate } of gates) {
    const answer = gate(facts);
    if (!answer.ok) return answer;
  }
  return pass;
}

export function warningsOf(facts: GateFacts): string[] {
  const { isAwaited, quarantine, version, active, name, suspension, now } = facts;
  const warnings: string[] = [];
  if (isAwaited) warnings.push(`${version} is fetched first; what it needs of the schema is looked at then`);
  if (quarantine) warnings.push(markSentence(version, quarantine));
  if (suspension) warnings.push(`${suspensionSentence(name, suspension, now)}; it is resumed once ${version} is live`);
  if (active?.condition === 'unhealthy')
    warnings.push(`${active.version} on ${name} is unhealthy, so the comparison with it is not reliable`);
  return warnings;
}
