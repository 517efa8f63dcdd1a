// Rules about builds with their defaults filled in.

import type { BuildRuleFile } from './schema-builds.ts';
import { type BuildRule, buildEvents, goodConclusions } from './settings-builds.ts';

interface ServiceFile {
  readonly builds?: readonly BuildRuleFile[] | undefined;
  readonly targets: Readonly<Record<string, unknown>>;
}

export function resolveBuilds(services: Readonly<Record<string, ServiceFile>>): readonly BuildRule[] {
  return Object.entries(services).flatMap(([service, { builds = [], targets }]) => {
    const names = Object.keys(targets);
    const written = builds.map((rule, index) => resolveRule({ service, index, targets: names }, rule));
    return written.some(({ host }) => host === 'generic') ? written : [...written, genericRule(service, names)];
  });
}

/** Who holds the secret of the generic hook may name any service, and may have it deployed as well. */
function genericRule(service: string, targets: readonly string[]): BuildRule {
  const rule = resolveRule({ service, index: 0, targets }, { host: 'generic' });
  return { ...rule, place: `services.${service} (no rule for generic: announced)` };
}

function resolveRule(
  {
    service,
    index,
    targets,
  }: { readonly service: string; readonly index: number; readonly targets: readonly string[] },
  rule: BuildRuleFile,
): BuildRule {
  const { host, repository, workflow, branch, tag, version, artifact } = rule;
  return {
    service,
    place: `services.${service}.builds[${index}]`,
    host,
    events: rule.events ?? buildEvents[host].slice(0, 1),
    repository,
    workflow,
    branch,
    tag,
    pullRequests: rule.pullRequests ?? false,
    triggers: rule.triggers,
    conclusion: rule.conclusion ?? goodConclusions[host],
    version,
    facts: rule.facts ?? {},
    artifact,
    reactions: Object.fromEntries(
      targets.map((target) => [target, rule.targets ? (rule.targets[target] ?? 'ignore') : 'announce']),
    ),
  };
}
