// What a code host sends, in one shape for all of them and still in the host's own words: nothing is believed yet.

import type { ArtifactRule } from '../config/builds/settings.ts';
import type { BuildActor } from '../domain/build.ts';
import type { BuildHost } from '../domain/code-hosts.ts';

export interface HostEvent {
  readonly host: BuildHost;
  /** `workflow_run`, `pipeline`, … */
  readonly event: string;
  /** What expressions look into. */
  readonly document: unknown;
  /** Why this is not the end of a build, such as `requested`; undefined when it is. */
  readonly unfinished: string | undefined;
  /** Only the generic hook names it. */
  readonly service: string | undefined;
  readonly repository: string | undefined;
  readonly defaultBranch: string | undefined;
  /** Name and file. */
  readonly workflows: readonly string[];
  readonly branch: string | undefined;
  /** Where a host does not distinguish tags from branches, both are set to the same name. */
  readonly tag: string | undefined;
  /** What made it run, in the host's word: `push`, `schedule`, `parent_pipeline`, … */
  readonly trigger: string | undefined;
  readonly isPullRequest: boolean;
  readonly pullRequest: string | undefined;
  /** Built from the content of another repository. */
  readonly isForked: boolean;
  readonly conclusion: string | undefined;
  readonly isFailure: boolean;
  readonly version: string | undefined;
  readonly runNumber: string | undefined;
  readonly run: string | undefined;
  readonly commit: string | undefined;
  readonly committedAt: string | undefined;
  readonly subject: string | undefined;
  readonly url: string | undefined;
  readonly endedAt: string | undefined;
  /** When the host sent it at the latest, as it says itself, where that is not the end. */
  readonly sentAt: string | undefined;
  readonly authors: readonly BuildAuthor[];
  /** Without bots. */
  readonly actors: readonly BuildActor[];
  readonly artifact: BuildArtifact | undefined;
}

export interface BuildAuthor {
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly login: string | undefined;
}

/** As a rule says it, with values instead of expressions. */
export type BuildArtifact = ArtifactRule;

/** The values for what a host does not report. */
export const nothingReported: Omit<HostEvent, 'host' | 'event' | 'document'> = {
  unfinished: undefined,
  service: undefined,
  repository: undefined,
  defaultBranch: undefined,
  workflows: [],
  branch: undefined,
  tag: undefined,
  trigger: undefined,
  isPullRequest: false,
  pullRequest: undefined,
  isForked: false,
  conclusion: 'success',
  isFailure: false,
  version: undefined,
  runNumber: undefined,
  run: undefined,
  commit: undefined,
  committedAt: undefined,
  subject: undefined,
  url: undefined,
  endedAt: undefined,
  sentAt: undefined,
  authors: [],
  actors: [],
  artifact: undefined,
};

export const mostAuthors = 20;
const longestMessage = 64 * 1024;

/** The value at this path; undefined where the path ends. */
export function dig(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

/** A text or a number as a text; '' counts as missing. */
export function text(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = dig(value, ...keys);
  if (typeof found === 'number') return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function list(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = dig(value, ...keys);
  return Array.isArray(found) ? found : [];
}

export function author(value: unknown): BuildAuthor {
  const email = text(value, 'email');
  const login = text(value, 'username') ?? text(value, 'login') ?? loginOf(email);
  return { name: text(value, 'name'), email, login };
}

/** The author of the commit, and the co-authors that its message names. */
export function authorsOf(commit: unknown): readonly BuildAuthor[] {
  const message = (text(commit, 'message') ?? '').slice(0, longestMessage);
  return distinct([author(dig(commit, 'author')), ...message.split('\n').flatMap(coAuthor)]);
}

const trailer = 'co-authored-by:';
const longestTrailer = 500;

/** `Co-authored-by: Bob Brown <bob@example.com>`. Parsed by hand, since no message of a commit may make this slow. */
function coAuthor(given: string): readonly BuildAuthor[] {
  const line = given.length > longestTrailer ? '' : given.trim();
  const from = line.lastIndexOf('<');
  const isTrailer = line.slice(0, trailer.length).toLowerCase() === trailer && from > 0 && line.endsWith('>');
  if (!isTrailer) return [];
  return [author({ name: line.slice(trailer.length, from).trim(), email: line.slice(from + 1, -1).trim() })];
}

export function distinct(authors: readonly BuildAuthor[]): readonly BuildAuthor[] {
  const keyOf = ({ email, login, name }: BuildAuthor) => (email ?? login ?? name ?? '').toLowerCase();
  const known = new Map(authors.filter((each) => keyOf(each) !== '').map((each) => [keyOf(each), each] as const));
  return [...known.values()].slice(0, mostAuthors);
}

/** Hosts create addresses of this form for people who hide theirs. */
function loginOf(email: string | undefined): string | undefined {
  return /^(?:\d+[+-])?([A-Za-z0-9][A-Za-z0-9._-]{0,63})@users\.noreply\.[a-z0-9.-]+$/i.exec(email ?? '')?.[1];
}

/** `refs/tags/v1` → `v1`. */
export function refName(ref: string | undefined, kind: 'heads' | 'tags'): string | undefined {
  const prefix = `refs/${kind}/`;
  return ref?.startsWith(prefix) ? ref.slice(prefix.length) : undefined;
}
