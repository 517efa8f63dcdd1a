// A rollback is bound to the version that was live when it was requested: a release is not reverted twice.

import type { Engine } from '../../api/engine.ts';
import { shortName } from '../../domain/actor.ts';
import { refuse } from '../../domain/refusal.ts';
import { forHowLong } from '../../domain/times.ts';
import { type DeploymentRow, recentDeployments } from '../../state/deployments.ts';
import type { Core, Target } from '../core.ts';

type RollbackRequest = Parameters<Engine['rollback']>[0];

const justNowMs = 5 * 60_000;

/**
 * A rollback is meant for the version that its requester saw live. Two people who type it at the same moment mean the
 * same one: the second must not go back from the good release that the first has restored. Naming a version goes
 * further back.
 */
export function alreadyBack(
  { store, clock }: Core,
  { key, name }: Target,
  { version, from }: RollbackRequest,
  active: string | undefined,
): ReturnType<typeof refuse> | undefined {
  if (version !== undefined || active === undefined) return undefined;
  const [last] = recentDeployments(store.db, key, 1);
  const wentBack = last !== undefined && isWayBack(last);
  if (from !== undefined && from !== active)
    return refuse(
      'already-decided',
      `this rollback is from ${from}, and ${name} runs ${active} by now${wentBack ? `: done already by ${backBy(last)}` : ''}`,
      `To go back from ${active}, ask again.`,
    );
  if (from !== undefined || !wentBack || (last.finishedAt ?? 0) < clock.now() - justNowMs) return undefined;
  const left = last.mode === 'rollback' ? last.fromVersion : last.version;
  return refuse(
    'already-decided',
    `done already by ${backBy(last)}: ${name} went back from ${left} to ${active} ${forHowLong(clock.now() - (last.finishedAt ?? 0))} ago`,
    `To go back further, name the version: \`bg rollback <version>\`.`,
  );
}

/** It took users from one release back to another. A rollback that was reverted has left them where they were. */
const isWayBack = ({ mode, outcome }: DeploymentRow): boolean =>
  outcome === (mode === 'rollback' ? 'promoted' : 'rolled-back');

const backBy = ({ mode, requestedBy, causeActor }: DeploymentRow): string =>
  shortName(mode === 'rollback' ? requestedBy : (causeActor ?? 'engine'));
