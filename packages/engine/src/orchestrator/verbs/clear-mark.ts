// A person takes the mark "bad" off a release. It is as much as an approval wherever a deployment needs one: without
// the mark, a switch or a rollback gives the release to all users at once.

import type { StoredReleases } from '../../api/releases.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { lastDeploymentOf } from '../../state/deployments.ts';
import { clearQuarantine, readQuarantine, readRelease } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { markSentence } from '../gates/gates.ts';
import { mayDecide, type Refused } from './decide.ts';

const longestReason = 500;

/** The caller has asked whether it is a person of the list. */
export function clearMark(
  core: Core,
  target: Target,
  { version, reason, actor }: Parameters<StoredReleases['clearMark']>[0],
): Result<string> {
  const { service } = target.key;
  const why = reason.trim().slice(0, longestReason);
  if (why === '')
    return refuse('reason-missing', `clearing the mark of ${version} needs its reason`, 'Add `--reason "…"`.');
  return core.store.write((tx): Result<string> => {
    const digest = readRelease(tx.db, service, version)?.digest;
    if (digest === undefined)
      return refuse('release-unknown', `no release ${version} of ${service} is registered`, 'See `bg releases`.');
    const mark = readQuarantine(tx.db, digest);
    if (!mark) return refuse('not-allowed-now', `${service} ${version} is not marked bad`, 'See `bg releases`.');
    const refused = refusedByApproval(core, service, { version, actor });
    if (refused) return refused;
    clearQuarantine(tx, digest);
    const who = actorName(actor);
    tx.audit({
      ...target.key,
      actor: who,
      action: 'release-mark-cleared',
      sentence: `${shortName(who)} clears the mark of ${version} (${digest.slice(0, 12)}): ${why}; ${markSentence(version, mark)}`,
      detail: { version, digest, reason: why, markedBy: mark.by },
    });
    return ok(`${service} ${version} is not marked bad any more`);
  });
}

function refusedByApproval(
  core: Core,
  service: string,
  { version, actor }: { readonly version: string; readonly actor: Actor },
): Refused | undefined {
  for (const target of core.targets) {
    const { approval, canary } = target.settings;
    const needsApproval = approval.beforeTraffic || canary.some((step) => step.approval);
    if (target.key.service !== service || !needsApproval) continue;
    const requestedBy = lastDeploymentOf(core.store.db, target.key, version)?.requestedBy ?? '';
    const row = { version, requestedBy };
    const refused = mayDecide({ core, target, row, actor }, {});
    if (refused) return refused;
  }
  return undefined;
}
