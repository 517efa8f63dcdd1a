// Whether a rule takes an event of a host: one condition after the other, each with what it found, for people to read.

import type { RuleCondition } from '../api/builds.ts';
import type { BuildRule } from '../config/builds/settings.ts';
import { codeHost } from '../domain/code-hosts.ts';
import type { HostEvent } from './host-event.ts';

type Condition = (rule: BuildRule, event: HostEvent) => RuleCondition | undefined;

export function conditionsOf(rule: BuildRule, event: HostEvent): readonly RuleCondition[] {
  return conditions.flatMap((condition) => condition(rule, event) ?? []);
}

/** A good build, or a failed one; undefined when it is neither. */
export function conclusionOf(
  rule: BuildRule,
  { conclusion, isFailure }: HostEvent,
): 'succeeded' | 'failed' | undefined {
  if (conclusion !== undefined && rule.conclusion.includes(conclusion)) return 'succeeded';
  return isFailure ? 'failed' : undefined;
}

const conditions: readonly Condition[] = [
  ({ events }, { event }) => compare('event', events.join(' or '), event, events.includes(event)),
  (rule, event) =>
    isNamed(rule) ? compare('service', rule.service, event.service, event.service === rule.service) : undefined,
  ({ repository }, event) =>
    repository === undefined
      ? undefined
      : compare('repository', repository, event.repository, sameRepository(repository, event.repository)),
  ({ workflow }, { workflows }) =>
    workflow === undefined
      ? undefined
      : compare(
          'workflow',
          workflow,
          workflows[0],
          workflows.some((name) => fits(workflow, name)),
        ),
  ({ pullRequests }, event) =>
    compare('pull request', pullRequests ? 'one' : 'none', requestOf(event), event.isPullRequest === pullRequests),
  trigger,
  place,
  (_, { unfinished }) => compare('state', 'ended', unfinished ?? 'ended', unfinished === undefined),
  (rule, event) =>
    compare(
      'conclusion',
      `${rule.conclusion.join(' or ')}, or a failure`,
      event.conclusion,
      conclusionOf(rule, event) !== undefined,
    ),
];

/** A child pipeline ends before its parent, which is the build. */
function trigger({ triggers }: BuildRule, event: HostEvent): RuleCondition | undefined {
  if (triggers !== undefined)
    return compare('trigger', triggers.join(' or '), event.trigger, triggers.includes(event.trigger ?? ''));
  return event.trigger === 'parent_pipeline'
    ? compare('trigger', 'none of another pipeline', event.trigger, false)
    : undefined;
}

/** Where a rule names no repository, the event itself must say which service it is about. */
function isNamed({ host, repository }: BuildRule): boolean {
  const { serviceFrom } = codeHost(host);
  return serviceFrom === 'event' || (serviceFrom === 'repository-or-event' && repository === undefined);
}

function place(rule: BuildRule, { host, event, branch, tag, defaultBranch }: HostEvent): RuleCondition | undefined {
  if (rule.tag !== undefined) return compare('tag', rule.tag, tag, tag !== undefined && fits(rule.tag, tag));
  if (rule.branch !== undefined)
    return compare('branch', rule.branch, branch, branch !== undefined && fits(rule.branch, branch));
  if (rule.pullRequests || defaultBranch === undefined || codeHost(host).tagEvents.includes(event)) return undefined;
  return compare('branch', `${defaultBranch} (the default one)`, branch, branch === defaultBranch);
}

function compare(name: string, expected: string, found: string | undefined, holds: boolean): RuleCondition {
  return { name, expected, found: found?.slice(0, 200) ?? 'nothing', holds };
}

function requestOf({ isPullRequest, isForked, pullRequest }: HostEvent): string {
  if (!isPullRequest) return 'none';
  return `${pullRequest === undefined ? 'one' : `#${pullRequest}`}${isForked ? ' of a fork' : ''}`;
}

export function sameRepository(expected: string, found: string | undefined): boolean {
  return found?.toLowerCase() === expected.toLowerCase();
}

/** `*` matches any characters, or none. Each part is taken at its first place, so that no name can make this slow. */
export function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
