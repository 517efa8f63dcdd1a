// How far the live release is behind the branch that it came from, by the builds that CI announced. A build may hold many
// commits that no host counted, so builds are counted, and nothing else.

import type { DeploymentView } from '../../api/deployment.ts';
import type { StalenessView } from '../../api/views.ts';
import type { WaitingView } from '../../api/waiting.ts';
import type { StoredBuild } from '../../domain/build.ts';
import { forHowLong } from '../../domain/times.ts';
import { buildOf, goodBuildsAfter } from '../../state/builds.ts';
import type { Core, Target } from '../core.ts';
import { activeSide } from '../gates/facts.ts';

/** More are not counted. */
const mostCounted = 200;

interface Moving {
  /** The deployment that runs. */
  readonly live: DeploymentView | undefined;
  readonly waiting: readonly WaitingView[];
}

interface Staleness {
  readonly view: StalenessView;
  /** What the newest build waits for, where it is on its way; undefined where it is not. */
  readonly newestWaits: string | undefined;
  /** The sentence of the view says so already. */
  readonly isSaid: boolean;
}

export function stalenessOf(core: Core, target: Target, moving: Moving): StalenessView | undefined {
  return findStaleness(core, target, moving)?.view;
}

/** Undefined where the live release is the newest build of its branch, or none that CI announced. */
export function findStaleness(core: Core, target: Target, moving: Moving): Staleness | undefined {
  const { db } = core.store;
  const active = activeSide(core, target)?.version;
  const live = active === undefined ? undefined : buildOf(db, target.key.service, active);
  if (!live || live.branch === undefined || live.pullRequest !== undefined) return undefined;
  const newer = newerBuilds(live, goodBuildsAfter(db, live, mostCounted + 1));
  const [first] = newer;
  const newest = newer.at(-1);
  if (!first || !newest) return undefined;
  const since = first.committedAt ?? first.announcedAt;
  const builds = Math.min(newer.length, mostCounted);
  const count = `${newer.length > mostCounted ? 'more than ' : ''}${builds} ${builds === 1 ? 'build' : 'builds'}`;
  const behind = `${target.name} is ${count}, ${forHowLong(core.clock.now() - since)} behind ${live.branch}`;
  const next = nextOf(newer, moving);
  const view = {
    branch: live.branch,
    repository: live.repository,
    live: live.version,
    newest: newest.version,
    builds,
    since,
    sentence: next === undefined ? behind : `${behind}; ${next.version} ${next.waits}`,
  };
  return { view, newestWaits: nextOf([newest], moving)?.waits, isSaid: next?.version === newest.version };
}

/** Of newer commits, one for each version, oldest first. A build of an older commit may be announced later. */
function newerBuilds(live: StoredBuild, after: readonly StoredBuild[]): readonly StoredBuild[] {
  const versions = new Set([live.version]);
  return after.filter(({ version, committedAt, commit }) => {
    const isOlder = committedAt !== undefined && live.committedAt !== undefined && committedAt < live.committedAt;
    const isSame = commit !== undefined && commit === live.commit;
    if (isOlder || isSame || versions.has(version)) return false;
    versions.add(version);
    return true;
  });
}

interface Next {
  readonly version: string;
  readonly waits: string;
}

function nextOf(newer: readonly StoredBuild[], { live, waiting }: Moving): Next | undefined {
  const isNewer = ({ version }: { readonly version: string }) => newer.some((build) => build.version === version);
  if (live && isNewer(live)) {
    const { approval, version } = live;
    const approvers = approval?.status === 'pending' ? approval.approvers.slice(0, 3) : undefined;
    return { version, waits: approvers ? `waits for ${approvers.join(' or ') || 'an approval'}` : 'is being deployed' };
  }
  const first = waiting.find(isNewer);
  if (!first) return undefined;
  const { version, due, place } = first;
  return { version, waits: due ? `is scheduled for ${due.wall} ${due.zone}` : `waits in place ${place ?? '?'}` };
}
