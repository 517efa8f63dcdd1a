// What the audit log says of builds: the only place that writes these rows. All notifiers read them.

import { actorName } from '../domain/actor.ts';
import type { FactOf } from '../domain/audit-events.ts';
import type { Build, StoredBuild } from '../domain/build.ts';
import type { BuildAnnounced, BuildFacts, NotDeployedCode, TargetReaction } from '../domain/events/builds.ts';
import type { TargetKey } from '../domain/target.ts';
import type { Tx } from '../state/store.ts';
import { hookActor } from './react.ts';
import { placeOf } from './same.ts';

export function recordAnnounced(
  tx: Tx,
  build: StoredBuild,
  { reactions, remarks }: { readonly reactions: readonly TargetReaction[]; readonly remarks: readonly string[] },
): void {
  const older = reactions.some((reaction) => reaction.older);
  const detail: BuildAnnounced = {
    ...factsOf(build),
    tag: build.tag,
    artifact: build.artifact && placeOf(build.artifact),
    reactions,
    older,
    remarks,
    pullRequest: build.pullRequest,
  };
  write(tx, build, {
    action: 'build-announced',
    sentence: `${build.host} announces ${describe(build)}${older ? ', of an older commit than the live one' : ''}${remarks.map((remark) => `; ${remark}`).join('')}`,
    detail,
  });
}

export function recordFailed(tx: Tx, build: StoredBuild): void {
  const sentence = `the build of ${describe(build)} failed`;
  write(tx, build, { action: 'build-failed', sentence, detail: factsOf(build) });
}

export function recordFixed(tx: Tx, build: StoredBuild): void {
  const sentence = `${placeIn(build)} builds again: ${describe(build)}`;
  write(tx, build, { action: 'build-mended', sentence, detail: factsOf(build) });
}

/** About a build that is not stored. */
export function recordConflict(tx: Tx, now: Build, earlier: StoredBuild, difference: string): string {
  const sentence = `${now.service} ${now.version} was announced before as build ${earlier.id}, and a version is immutable: ${difference}; nothing was changed`;
  const detail = factsOf({ ...now, id: earlier.id });
  write(tx, now, { action: 'build-conflict', sentence, detail });
  return sentence;
}

/** The same version again, from people whom nothing named before: four eyes count them too. */
export function recordContributors(tx: Tx, build: StoredBuild, hands: readonly string[]): void {
  const sentence = `${build.host} names ${hands.join(', ')} for ${build.service} ${build.version} too`;
  write(tx, build, { action: 'build-hands', sentence, detail: factsOf(build) });
}

/** The same version again, with the address of its files. */
export function recordArtifact(tx: Tx, build: StoredBuild): void {
  const place = build.artifact && placeOf(build.artifact);
  const sentence = `${build.service} ${build.version} is to be found: ${place?.place ?? 'nowhere'}`;
  write(tx, build, { action: 'build-artifact', sentence, detail: { ...factsOf(build), artifact: place } });
}

/** It waited for the target in vain. */
export function recordNotDeployed(
  tx: Tx,
  key: TargetKey,
  {
    build,
    code,
    why,
    by,
    actor = actorName(hookActor(build)),
  }: {
    readonly build: StoredBuild;
    readonly code: NotDeployedCode;
    readonly why: string;
    /** The build that replaces it. */
    readonly by?: StoredBuild | undefined;
    /** Who decided it, as stored in rows. Default: the sender of the build. */
    readonly actor?: string;
  },
): void {
  tx.audit({
    ...key,
    actor,
    action: 'build-not-deployed',
    code,
    sentence: `${build.version} is not deployed to ${key.target}: ${why}`,
    detail: { build: build.id, version: build.version, code, supersededBy: by?.version },
  });
}

/** `shop v2.1 (main of acme/shop, 9c1f3d2 by Alice): Let the basket be emptied`. */
export function describe(build: Build): string {
  const [first] = build.authors;
  const by = first?.name ?? first?.login ?? first?.email;
  const commit = build.commit && `${build.commit.slice(0, 7)}${by === undefined ? '' : ` by ${by}`}`;
  const place = [placeIn(build), commit].filter((part) => part !== undefined && part !== '').join(', ');
  return `${build.service} ${build.version}${place === '' ? '' : ` (${place})`}${build.subject === undefined ? '' : `: ${build.subject}`}`;
}

/** Why there is a deployment that no person asked for. */
export const reasonOf = (build: StoredBuild): string => `build ${build.id}: ${describe(build)}`;

function placeIn({ branch, tag, repository }: Build): string {
  const line = branch ?? (tag === undefined ? undefined : `tag ${tag}`);
  return [line, repository].filter((part) => part !== undefined).join(' of ');
}

function factsOf({
  id,
  version,
  repository,
  branch,
  commit,
  committedAt,
  subject,
  url,
  authors,
}: Build & { readonly id: number }): BuildFacts {
  return { build: id, version, repository, branch, commit, committedAt, subject, url, authors };
}

type BuildAction =
  | 'build-announced'
  | 'build-artifact'
  | 'build-conflict'
  | 'build-failed'
  | 'build-mended'
  | 'build-hands';

function write(tx: Tx, build: Build, fact: FactOf<BuildAction> & { readonly sentence: string }): void {
  tx.audit({ actor: actorName(hookActor(build)), service: build.service, ...fact });
}
