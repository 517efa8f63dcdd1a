// What happens to a good build on each target of its service: the rule says what is desired, the gates what is permitted.
// Decided inside the transaction that stores the build, so that the announcement says what happens.

import type { BuildRule } from '../config/builds/settings.ts';
import type { Actor } from '../domain/actor.ts';
import type { StoredBuild } from '../domain/build.ts';
import type { ReactionCode, TargetReaction } from '../domain/events/builds.ts';
import { clockTime } from '../domain/times.ts';
import type { AdmittedDeployment, BuildsContext, BuildTarget } from './flow.ts';
import { newerLive } from './order.ts';

/** A build waits no longer than this for a busy target: a deployment with approvals may take an hour. */
export const waitMs = 2 * 3_600_000;

export interface DecidedReaction {
  readonly target: BuildTarget;
  readonly reaction: TargetReaction;
  /** Set where a deployment is to be created. */
  readonly admitted: AdmittedDeployment | undefined;
}

export interface ReactionRequest {
  readonly rule: Pick<BuildRule, 'reactions'>;
  readonly build: StoredBuild;
  readonly isForked: boolean;
}

export function decideReactions(
  context: BuildsContext,
  request: ReactionRequest,
  now: number,
): readonly DecidedReaction[] {
  return context.targets
    .filter(({ key }) => key.service === request.build.service)
    .map((target) => decideOne(context, target, request, now));
}

/** A rule acts as its hook, and never as a person. */
export const hookActor = ({ host }: Pick<StoredBuild, 'host'>): Actor => ({
  kind: 'machine',
  name: host,
  door: 'webhook',
});

function decideOne(
  context: BuildsContext,
  target: BuildTarget,
  { rule, build, isForked }: ReactionRequest,
  now: number,
): DecidedReaction {
  const desired = rule.reactions[target.key.target] ?? 'ignore';
  const newer = desired === 'ignore' ? undefined : newerLive(context, target, build);
  const base = {
    target: target.key.target,
    reaction: desired,
    older: newer !== undefined,
    deployment: undefined,
    code: undefined,
  };
  const decided = (became: TargetReaction['became'], sentence: string, code?: ReactionCode): DecidedReaction => ({
    target,
    reaction: { ...base, became, sentence, code },
    admitted: undefined,
  });
  if (desired === 'ignore') return decided('ignored', 'the rule ignores this target');
  const remark = newer === undefined ? '' : `; its commit is older than that of ${newer}, which is live`;
  if (desired === 'announce') return decided('announced', `people decide${remark}`);
  if (newer !== undefined)
    return decided('announced', `not deployed: its commit is older than that of ${newer}, which is live`, 'older');
  if (isForked) return decided('announced', 'not deployed: it was built for a pull request of a fork', 'forked');
  const answer = context.flow.admit(target.key, { actor: hookActor(build), version: build.version });
  if (answer.ok) {
    const deployment = answer.value.id;
    const reaction = { ...base, became: 'deploying' as const, deployment, sentence: 'deployed by the rule' };
    return { target, reaction, admitted: answer.value };
  }
  const { code, sentence } = answer.refusal;
  return code === 'target-busy'
    ? decided(
        'waiting',
        `deployed as soon as that ends, until ${clockTime(now + waitMs)} at the latest: ${sentence}`,
        code,
      )
    : decided('announced', `not deployed: ${sentence}`, code);
}
