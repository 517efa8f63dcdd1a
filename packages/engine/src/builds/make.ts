// From what a host sent to a build: the rule says where everything is found, and everything that results is checked.

import type { BuildRule, FactName } from '../config/builds/settings.ts';
import type { Author, Build } from '../domain/build.ts';
import { isVersion } from '../domain/version.ts';
import { evaluate, type Found, findAll, type Known } from '../lib/expression.ts';
import { artifactOf, type Made, webAddress } from './artifact-of.ts';
import { author, type BuildAuthor, distinct, type HostEvent } from './host-event.ts';

const longestSubject = 200;
const longestName = 200;

/** @returns a problem that names the rule, the expression and the place */
export function makeBuild(rule: BuildRule, event: HostEvent, conclusion: Build['conclusion']): Made<Build> {
  try {
    return { ok: true, value: make(rule, event, conclusion) };
  } catch (thrown) {
    if (thrown instanceof Unfit) return { ok: false, problem: `${rule.place}: ${thrown.message}` };
    throw thrown;
  }
}

/** Ends the making of one build; never leaves this file. */
class Unfit extends Error {}

function make(rule: BuildRule, event: HostEvent, conclusion: Build['conclusion']): Build {
  const find = (name: FactName, reported: string | undefined): string | undefined =>
    said(rule, event, name) ?? reported;
  const commit = commitOf(find('commit', event.commit));
  const run = cut(find('run', event.run), longestName);
  const isTag = rule.tag !== undefined || event.branch === undefined;
  const known = {
    commit,
    shortCommit: commit?.slice(0, 7),
    branch: event.branch,
    tag: isTag ? event.tag : undefined,
    repository: event.repository,
    run,
    runNumber: event.runNumber,
    pullRequest: requestOf(event),
  };
  const version = versionOf(rule, event, { conclusion, known });
  const artifact = conclusion === 'failed' ? undefined : must(artifactOf(rule.artifact, event, { ...known, version }));
  return {
    service: rule.service,
    version,
    conclusion,
    host: event.host,
    repository: cut(event.repository, longestName),
    branch: isTag ? undefined : cut(branchOf(event), longestName),
    tag: cut(known.tag, longestName),
    commit,
    committedAt: timeOf(find('committedAt', event.committedAt), 'committedAt'),
    subject: cut(find('subject', event.subject)?.split('\n')[0], longestSubject),
    url: addressOf(find('url', event.url)),
    authors: authorsOf(rule, event),
    actors: event.actors.map((actor) => ({ ...actor, ...cutAuthor(actor) })),
    run,
    artifact,
    endedAt: timeOf(find('endedAt', event.endedAt), 'endedAt'),
    pullRequest: numberOf(requestOf(event)),
  };
}

/** Where the rule has its own expression for a fact, that expression must find something. */
function said({ facts }: BuildRule, { document }: HostEvent, name: FactName): string | undefined {
  const expression = facts[name];
  return expression === undefined
    ? undefined
    : foundBy(`facts.${name}`, expression, evaluate(expression, document, {}));
}

function versionOf(
  rule: BuildRule,
  event: HostEvent,
  { conclusion, known }: { readonly conclusion: Build['conclusion']; readonly known: Known },
): string {
  const reported = rule.version === undefined ? event.version : undefined;
  const expression = rule.version ?? usualVersion(event, known);
  const found =
    reported === undefined ? evaluate(expression ?? '', event.document, known) : { ok: true as const, value: reported };
  // A build that failed may have no version; the report identifies it by what is known.
  if (conclusion === 'failed' && (!found.ok || !isVersion(found.value)))
    return known.shortCommit ?? known.runNumber ?? 'unknown';
  if (reported === undefined && expression === undefined)
    throw new Unfit(`version: ${event.host} ${event.event} names none; write an expression`);
  const version = foundBy('version', expression ?? '', found);
  if (isVersion(version)) return version;
  throw new Unfit(
    `version: ${reported === undefined ? expression : event.host} says ${quoted(version)}; expected a version: letters, digits and . _ + -, at most 64`,
  );
}

function usualVersion({ isPullRequest, pullRequest, runNumber }: HostEvent, { tag }: Known): string | undefined {
  if (isPullRequest) return pullRequest === undefined ? 'pr-{shortCommit}' : 'pr-{pullRequest}-{shortCommit}';
  if (tag !== undefined) return '{tag}';
  return runNumber === undefined ? undefined : 'build-{runNumber}';
}

function foundBy(place: string, expression: string, found: Found): string {
  if (found.ok) return found.value;
  throw new Unfit(`${place}: ${expression} ${found.problem}`);
}

function must<T>(given: Made<T>): T {
  if (given.ok) return given.value;
  throw new Unfit(given.problem);
}

function commitOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(given)) return given.toLowerCase();
  throw new Unfit(`commit: expected a full commit id in hexadecimal digits, found ${quoted(given)}`);
}

function timeOf(given: string | undefined, place: string): number | undefined {
  const time = given === undefined ? undefined : parseTime(given);
  if (given === undefined || time !== undefined) return time;
  throw new Unfit(`${place}: expected a time such as 2026-05-04T08:12:30Z, found ${quoted(given)}`);
}

/** Text with a date (GitLab's `2026-05-04 08:12:30 UTC` too), or seconds or milliseconds since 1970. */
export function parseTime(given: string): number | undefined {
  const number = /^\d{9,14}$/.test(given) ? Number(given) * (given.length <= 11 ? 1000 : 1) : Date.parse(given);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}

/** A link that is not valid is left out: it would only have been for people. */
function addressOf(given: string | undefined): string | undefined {
  return given === undefined ? undefined : webAddress(given);
}

/** A build of a branch belongs to no request, even if the host lists one: the order of commits holds for it. */
const requestOf = ({ isPullRequest, pullRequest }: HostEvent) => (isPullRequest ? pullRequest : undefined);

function numberOf(given: string | undefined): number | undefined {
  return given !== undefined && /^\d{1,9}$/.test(given) ? Number(given) : undefined;
}

/** The branch of a fork is another one than ours of the same name. */
function branchOf({ branch, isForked, pullRequest }: HostEvent): string | undefined {
  return isForked && branch !== undefined
    ? `fork${pullRequest === undefined ? '' : ` #${pullRequest}`}:${branch}`
    : branch;
}

function authorsOf({ facts: { authors } }: BuildRule, event: HostEvent): readonly Author[] {
  const reported =
    authors === undefined ? event.authors : distinct(findAll(authors, event.document).flatMap(asAuthors));
  if (authors !== undefined && reported.length === 0) throw new Unfit(`facts.authors: ${authors} finds no person`);
  return reported.map(cutAuthor);
}

const cutAuthor = ({ name, email, login }: BuildAuthor): Author => ({
  name: cut(name, longestName),
  email: cut(email, longestName),
  login: cut(login, longestName),
});

function asAuthors(value: unknown): readonly BuildAuthor[] {
  if (Array.isArray(value)) return value.flatMap(asAuthors);
  return [typeof value === 'string' ? author({ [value.includes('@') ? 'email' : 'name']: value }) : author(value)];
}

/** On one line and not longer than is read; '' is nothing. */
function cut(given: string | undefined, longest: number): string | undefined {
  const line = given?.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line === undefined || line === '' ? undefined : line.slice(0, longest);
}

const quoted = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
