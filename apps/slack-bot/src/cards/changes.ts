// What a deployment changes, as far as builds were announced: the commits between two releases of one repository.

import type { StoredBuild } from '@bg/engine';
import { compareUrl } from './code-host.ts';

export interface Changes {
  /** Newest first; each with the first line, the authors and the address that its build announced. */
  readonly commits: readonly StoredBuild[];
  /** The release that they are counted from; undefined when no build announced it. */
  readonly since: string | undefined;
  /** All commits between, on the code host. */
  readonly compare: string | undefined;
  /** The commits are removed, not added. */
  readonly back: boolean;
}

export interface Span {
  /** What users have now. */
  readonly from: string | undefined;
  readonly to: string;
}

/** `builds` of one service, newest first. Undefined when no build announced the release. */
export function changesIn(builds: readonly StoredBuild[], { from, to }: Span): Changes | undefined {
  const brought = goodOf(builds, to);
  if (brought === undefined) return undefined;
  const present = from === undefined ? undefined : goodOf(builds, from);
  if (present === undefined || present.repository === undefined || present.repository !== brought.repository)
    return { commits: [brought], since: undefined, compare: undefined, back: false };
  const back = isEarlier(brought, present);
  const [first, last] = back ? [brought, present] : [present, brought];
  return { commits: between(builds, first, last), since: from, compare: comparison(first, last), back };
}

function goodOf(builds: readonly StoredBuild[], version: string): StoredBuild | undefined {
  return builds.find((one) => one.version === version && one.conclusion === 'succeeded');
}

/** By the time of the commit; without one, or when both are equal, by the order of the announcements. */
function isEarlier(one: StoredBuild, other: StoredBuild): boolean {
  const [left, right] = [one.committedAt, other.committedAt];
  return left === undefined || right === undefined || left === right ? one.id < other.id : left < right;
}

/** A failed build announced its commit too. */
function between(builds: readonly StoredBuild[], first: StoredBuild, last: StoredBuild): readonly StoredBuild[] {
  const seen = new Set<string | undefined>([undefined, first.commit]);
  const kept: StoredBuild[] = [];
  for (const one of [last, ...builds]) {
    const ofTheLine = one.repository === last.repository && one.branch === last.branch;
    const inside = one === last || (ofTheLine && isEarlier(first, one) && isEarlier(one, last));
    if (!inside || seen.has(one.commit)) continue;
    seen.add(one.commit);
    kept.push(one);
  }
  return kept;
}

function comparison(first: StoredBuild, last: StoredBuild): string | undefined {
  if (first.commit === undefined || last.commit === undefined || first.commit === last.commit) return undefined;
  return compareUrl(last, first.commit, last.commit);
}
