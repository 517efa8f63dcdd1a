// Rules about builds: expressions can be parsed, targets exist, and code from unknown authors never goes to production.

import { codeHost } from '../../domain/code-hosts.ts';
import { expressionProblem } from '../../lib/expression.ts';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { unknownKey } from '../reading/known-keys.ts';
import type { ConfigFile } from '../schema.ts';
import type { BuildRuleFile } from './builds.ts';
import { buildNames } from './settings.ts';

type Rule = NonNullable<Draft<BuildRuleFile>>;

interface Targets {
  readonly names: readonly string[];
  readonly main: string | undefined;
}

export function checkBuilds(draft: Draft<ConfigFile>): readonly Finding[] {
  return Object.entries(draft?.services ?? {}).flatMap(([name, service]) => {
    const names = Object.keys(service?.targets ?? {});
    const main = names.length === 1 ? names[0] : names.find((target) => service?.targets?.[target]?.default === true);
    return (service?.builds ?? []).flatMap((rule, index) =>
      rule ? checkRule(rule, ['services', name, 'builds', index], { names, main }) : [],
    );
  });
}

function checkRule(rule: Rule, path: Path, targets: Targets): readonly Finding[] {
  return [
    ...checkSource(rule, path),
    ...checkWorkflow(rule, path),
    ...checkExpressions(rule, path),
    ...checkArtifact(rule.artifact, [...path, 'artifact']),
    ...checkTargets(rule, path, targets),
  ];
}

function checkSource(rule: Rule, path: Path): readonly Finding[] {
  const { host, repository, events, branch, tag, pullRequests } = rule;
  const known = host && codeHost(host);
  const needsRepository = known?.serviceFrom === 'repository' && repository === undefined;
  const requests = (events ?? []).some((event) => event !== undefined && event === known?.requestEvent);
  return [
    ...(needsRepository ? [error(path, `repository is missing; expected owner/name as ${host} has it`)] : []),
    ...(events ?? []).flatMap((event, index) =>
      event === undefined || known === undefined || known.events.includes(event)
        ? []
        : [error([...path, 'events', index], `${host} has no such event; it has ${known.events.join(', ')}`)],
    ),
    ...(known?.tellsBranches === false && branch === undefined && tag === undefined
      ? [error(path, `branch or tag is missing; ${host} does not say which branch is the default one`)]
      : []),
    ...(known?.tellsBranches === false && pullRequests === true
      ? [error([...path, 'pullRequests'], `${host} does not say which builds are of pull requests`)]
      : []),
    ...(branch !== undefined && tag !== undefined
      ? [error([...path, 'tag'], 'a rule is for branches or for tags; write two rules')]
      : []),
    ...(tag !== undefined && pullRequests === true
      ? [error([...path, 'tag'], 'a pull request has no tag; write two rules')]
      : []),
    ...checkTriggers(rule, path),
    ...(requests && pullRequests !== true
      ? [error([...path, 'events'], 'builds of pull requests need pullRequests: true in the same rule')]
      : []),
  ];
}

/** Only these events say what made them run: with another one the rule would never fit. */
function checkTriggers({ host, events, triggers }: Rule, path: Path): readonly Finding[] {
  if (triggers === undefined || host === undefined) return [];
  const { events: all, triggeredEvents } = codeHost(host);
  const silent = (events ?? all.slice(0, 1)).find((event) => event !== undefined && !triggeredEvents.includes(event));
  return silent === undefined
    ? []
    : [
        error(
          [...path, 'triggers'],
          `${silent} of ${host} does not say what made it run; triggers belong to workflow_run and pipeline`,
        ),
      ];
}

/** A linter that passes is no release. */
function checkWorkflow({ host, events, workflow }: Rule, path: Path): readonly Finding[] {
  const ofWorkflows = host === 'github' && (events ?? ['workflow_run']).includes('workflow_run');
  return ofWorkflows && workflow === undefined
    ? [
        warning(
          path,
          'every workflow of this repository counts as a build; name the one that builds releases with workflow',
        ),
      ]
    : [];
}

function checkExpressions({ version, facts, artifact }: Rule, path: Path): readonly Finding[] {
  const beforeVersion = buildNames.filter((name) => name !== 'version');
  const of = (texts: object | undefined, at: Path, names: readonly string[]): readonly Finding[] =>
    Object.entries(texts ?? {}).flatMap(([key, text]) =>
      typeof text === 'string' ? one(text, [...at, key], names) : [],
    );
  return [
    ...of({ version }, path, beforeVersion),
    ...of(facts, [...path, 'facts'], []),
    ...of(artifact, [...path, 'artifact'], buildNames),
    ...of(artifact?.git, [...path, 'artifact', 'git'], buildNames),
  ];
}

function one(text: string, path: Path, names: readonly string[]): readonly Finding[] {
  const problem = expressionProblem(text, names);
  return problem === undefined ? [] : [error(path, problem)];
}

const kinds = ['url', 'image', 'directory', 'archive', 'git'] as const;

function checkArtifact(artifact: Rule['artifact'], path: Path): readonly Finding[] {
  if (!artifact) return [];
  const said = kinds.filter((kind) => kind in artifact);
  const list = kinds.join(', ');
  if (said.length !== 1)
    return [error(path, `expected one of ${list}, found ${said.length === 0 ? 'none' : said.join(' and ')}`)];
  return artifact.sha256 !== undefined && said[0] !== 'url' && said[0] !== 'archive'
    ? [error([...path, 'sha256'], `belongs to url or archive, not to ${said[0]}`)]
    : [];
}

/** Anyone who may open a pull request can write what it builds: such a build must not reach the default target. */
function checkTargets({ targets, pullRequests }: Rule, path: Path, { names, main }: Targets): readonly Finding[] {
  const unknown = Object.keys(targets ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => ({ ...error([...path, 'targets', name], unknownKey(name, names)), atKey: true }));
  if (pullRequests !== true) return unknown;
  if (targets === undefined)
    return [...unknown, error(path, 'targets is missing: builds of pull requests go only to targets that are named')];
  const reaction = main === undefined ? undefined : targets[main];
  return reaction === undefined || reaction === 'ignore' || main === undefined
    ? unknown
    : [
        ...unknown,
        error([...path, 'targets', main], 'builds of pull requests never go to the default target of a service'),
      ];
}
