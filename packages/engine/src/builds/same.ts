// Whether two builds of one version are the same: a version is immutable, so anything else is refused. Pure.

import type { ArtifactSource } from '../domain/artifact.ts';
import type { Build } from '../domain/build.ts';
import type { ArtifactPlace } from '../domain/events/builds.ts';

/** Why they are not the same; undefined when all that is known of both is equal. */
export function differenceOf(earlier: Build, now: Build): string | undefined {
  if (earlier.commit !== undefined && now.commit !== undefined && earlier.commit !== now.commit)
    return `made from commit ${short(earlier.commit)} then, from ${short(now.commit)} now`;
  if (!earlier.artifact || !now.artifact) return undefined;
  const [before, after] = [digestOf(earlier.artifact), digestOf(now.artifact)];
  if (before !== undefined && after !== undefined)
    return before === after ? undefined : `its digest was ${short(before)} and is now ${short(after)}`;
  const [there, here] = [placeOf(earlier.artifact), placeOf(now.artifact)];
  return there.kind === here.kind && there.place === here.place
    ? undefined
    : `it lay at ${there.place} and is now at ${here.place}, without a digest that shows that it is the same`;
}

/** What both say together: a digest that came later belongs to the same artifact. */
export function artifactOfBoth(earlier: Build, now: Build): ArtifactSource | undefined {
  if (!earlier.artifact || !now.artifact) return earlier.artifact ?? now.artifact;
  return digestOf(earlier.artifact) === undefined ? now.artifact : earlier.artifact;
}

/** For people; no address that comes out of a build has a password in it. */
export function placeOf(source: ArtifactSource): ArtifactPlace {
  switch (source.kind) {
    case 'url':
      return { kind: source.kind, place: withoutQuery(source.url) };
    case 'directory':
    case 'archive':
      return { kind: source.kind, place: source.path };
    case 'image':
      return { kind: source.kind, place: source.reference };
    case 'git':
      return { kind: source.kind, place: `${source.repository} ${source.ref}` };
    default:
      return source satisfies never;
  }
}

/** A signed address contains its key there. */
function withoutQuery(address: string): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname}`;
}

function digestOf(source: ArtifactSource): string | undefined {
  switch (source.kind) {
    case 'url':
    case 'archive':
      return source.sha256;
    case 'image':
      return /@sha256:([0-9a-f]{64})$/.exec(source.reference)?.[1];
    case 'directory':
    case 'git':
      return undefined;
    default:
      return source satisfies never;
  }
}

const short = (hex: string): string => hex.slice(0, 12);
