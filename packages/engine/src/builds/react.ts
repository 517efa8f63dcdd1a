// What becomes of a good build on each target of its service: the rule says what is wished, the gates what may be.
// Asked inside the transaction that stores the build, so that what is announced is what happens.

import type { TargetReaction } from '../api/builds.ts';
import type { BuildRule } from '../config/builds/settings.ts';
import type { Actor } from '../domain/actor.ts';
import type { StoredBuild } from '../domain/build.ts';
import { clockTime } from '../domain/times.ts';
import type { Core, Target } from '../orchestrator/core.ts';
import { gatherFacts } from '../orchestrator/gates/facts.ts';
import { ask, type GateFacts, gatesOfDeploy } from '../orchestrator/gates/gates.ts';
import { newDeploymentId } from '../orchestrator/verbs/deploy.ts';
import { newerLive } from './order.ts';

/** A target that is busy is waited for no longer than this: a deployment with approvals may take an hour. */
export const waitMs = 2 * 3_600_000;

export interface Decided {
  readonly target: Target;
  readonly reaction: TargetReaction;
  /** Set where a deployment is to be made. */
  readonly facts: GateFacts | undefined;
}

export interface Wish {
  readonly rule: Pick<BuildRule, 'reactions'>;
  readonly build: StoredBuild;
  readonly isForked: boolean;
}

export function decideReactions(core: Core, wish: Wish, now: number): readonly Decided[] {
  return core.targets
    .filter(({ key }) => key.service === wish.build.service)
    .map((target) => decideOne(core, target, wish, now));
}

/** A rule acts as its hook, and never as a person. */
export const hookActor = ({ host }: Pick<StoredBuild, 'host'>): Actor => ({
  kind: 'machine',
  name: host,
  door: 'webhook',
});

function decideOne(core: Core, target: Target, { rule, build, isForked }: Wish, now: number): Decided {
  const wished = rule.reactions[target.key.target] ?? 'ignore';
  const newer = wished === 'ignore' ? undefined : newerLive(core, target, build);
  const base = {
    target: target.key.target,
    reaction: wished,
    older: newer !== undefined,
    deployment: undefined,
    code: undefined,
  };
  const told = (became: TargetReaction['became'], sentence: string, code?: string): Decided => ({
    target,
    reaction: { ...base, became, sentence, code },
    facts: undefined,
  });
  if (wished === 'ignore') return told('ignored', 'the rule ignores this target');
  const remark = newer === undefined ? '' : `; its commit is older than that of ${newer}, which is live`;
  if (wished === 'announce') return told('announced', `people decide${remark}`);
  if (newer !== undefined)
    return told('announced', `not deployed: its commit is older than that of ${newer}, which is live`, 'older');
  if (isForked) return told('announced', 'not deployed: it was built for a pull request of a fork', 'forked');
  const facts = gatherFacts(core, target, { actor: hookActor(build), version: build.version });
  const answer = ask(gatesOfDeploy, facts);
  if (answer.ok) {
    const reaction = {
      ...base,
      became: 'deploying' as const,
      deployment: newDeploymentId(),
      sentence: 'deployed by the rule',
    };
    return { target, reaction, facts };
  }
  const { code, sentence } = answer.refusal;
  return code === 'target-busy'
    ? told(
        'waiting',
        `deployed as soon as that ends, until ${clockTime(now + waitMs)} at the latest: ${sentence}`,
        code,
      )
    : told('announced', `not deployed: ${sentence}`, code);
}
