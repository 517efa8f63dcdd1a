// Which of two builds is of the older commit: by the times of their commits, and where one of those is not known, by the
// order in which the commits were first announced. Pull requests are compared with their like only: what is older than a
// branch that was deployed to be looked at is no step back.

import type { Build, StoredBuild } from '../domain/build.ts';
import type { Core, Target } from '../orchestrator/core.ts';
import { activeSide } from '../orchestrator/gates/facts.ts';
import { buildOf, buildsOnBranch, firstOfCommit } from '../state/builds.ts';
import type { Db } from '../state/database.ts';
import { readRelease } from '../state/targets.ts';

/** The version that is live there, when the build is of an older commit. */
export function newerLive(core: Core, target: Target, build: Build): string | undefined {
  const active = activeSide(core, target);
  if (!active || active.version === build.version) return undefined;
  const { db } = core.store;
  const live = buildOf(db, build.service, active.version);
  if (live && live.pullRequest !== build.pullRequest) return undefined;
  const commit = live?.commit ?? readRelease(db, build.service, active.version)?.origin?.commit;
  if (commit !== undefined && commit === build.commit) return undefined;
  if (live?.committedAt !== undefined && build.committedAt !== undefined)
    return build.committedAt < live.committedAt ? active.version : undefined;
  const then = placeInOrder(db, build.service, commit) ?? live?.id;
  const now = placeInOrder(db, build.service, build.commit);
  return then !== undefined && now !== undefined && now < then ? active.version : undefined;
}

function placeInOrder(db: Db, service: string, commit: string | undefined): number | undefined {
  return commit === undefined ? undefined : firstOfCommit(db, service, commit)?.id;
}

/** How many deliveries may overtake one another. */
const lookedAt = 50;

/** The build of the newest commit that was heard of on the branch; of several of that commit, the last one. */
export function standOfBranch(db: Db, build: Build): StoredBuild | undefined {
  const heard = buildsOnBranch(db, build, lookedAt);
  return heard.reduce<StoredBuild | undefined>(
    (newest, each) => (newest === undefined || timeOf(each) > timeOf(newest) ? each : newest),
    undefined,
  );
}

/** Of an older commit than what the branch stands at: it tells nothing of how the branch is now. */
export function isOvertaken(build: Build, stand: StoredBuild | undefined): boolean {
  return build.committedAt !== undefined && stand?.committedAt !== undefined && build.committedAt < stand.committedAt;
}

const timeOf = ({ committedAt, announcedAt }: StoredBuild): number => committedAt ?? announcedAt;
