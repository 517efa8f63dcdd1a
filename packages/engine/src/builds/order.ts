// Which of two builds is of the older commit: by the times of their commits, and where one of those is not known, by the
// order in which the commits were first announced. Pull requests are compared with their like only: what is older than a
// branch that was deployed as a preview is no step back.

import type { Build, StoredBuild } from '../domain/build.ts';
import { buildOf, buildsOnBranch, firstOfCommit } from '../state/builds.ts';
import type { Db } from '../state/database.ts';
import { readRelease } from '../state/targets.ts';
import type { BuildsContext, BuildTarget } from './flow.ts';

/** The version that is live there, when the build is of an older commit. */
export function newerLive({ store, flow }: BuildsContext, { key }: BuildTarget, build: Build): string | undefined {
  const version = flow.activeVersion(key);
  if (version === undefined || version === build.version) return undefined;
  const { db } = store;
  const live = buildOf(db, build.service, version);
  if (live && live.pullRequest !== build.pullRequest) return undefined;
  const commit = live?.commit ?? readRelease(db, build.service, version)?.origin?.commit;
  if (commit !== undefined && commit === build.commit) return undefined;
  if (live?.committedAt !== undefined && build.committedAt !== undefined)
    return build.committedAt < live.committedAt ? version : undefined;
  const then = placeInOrder(db, build.service, commit) ?? live?.id;
  const now = placeInOrder(db, build.service, build.commit);
  return then !== undefined && now !== undefined && now < then ? version : undefined;
}

function placeInOrder(db: Db, service: string, commit: string | undefined): number | undefined {
  return commit === undefined ? undefined : firstOfCommit(db, service, commit)?.id;
}

/** So many deliveries of a branch may arrive out of order. */
const mostOutOfOrder = 50;

/** The build of the newest commit that was announced on the branch; of several of that commit, the last one. */
export function branchStatus(db: Db, build: Build): StoredBuild | undefined {
  const announced = buildsOnBranch(db, build, mostOutOfOrder);
  return announced.reduce<StoredBuild | undefined>(
    (newest, each) => (newest === undefined || timeOf(each) > timeOf(newest) ? each : newest),
    undefined,
  );
}

/** Of an older commit than the branch status: it says nothing of the branch now. */
export function isSuperseded(build: Build, status: StoredBuild | undefined): boolean {
  return build.committedAt !== undefined && status?.committedAt !== undefined && build.committedAt < status.committedAt;
}

const timeOf = ({ committedAt, announcedAt }: StoredBuild): number => committedAt ?? announcedAt;
