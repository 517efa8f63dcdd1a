// What the configuration says about builds that CI announces: which ones concern a service, and what then happens.

import { z } from 'zod';
import { type BuildHost, buildHosts, codeHost } from '../../domain/code-hosts.ts';
import { choice, listOf, matching, named, namePattern, yesNo } from '../kit/values.ts';
import type { BuildRule } from './settings.ts';

const pattern = (what: string) =>
  matching(/^[^\s\p{Cc}]{1,200}$/u, `${what}, in which * matches any characters, such as release/*`);

const expression = () =>
  matching(
    /^[^\p{Cc}]{1,500}$/u,
    'a JSONPath such as $.workflow_run.run_number, or a text such as v{runNumber} or v{$.workflow_run.run_number}',
  );

const facts = z
  .strictObject({
    commit: expression().describe('Full commit id.').optional(),
    committedAt: expression().describe('When the commit was made.').optional(),
    subject: expression().describe('First line of the commit’s message.').optional(),
    url: expression().describe('Where the run can be looked at.').optional(),
    authors: expression()
      .describe('Who wrote the commit: e-mail addresses, or mappings with name, email and login.')
      .optional(),
    run: expression().describe('Run and attempt: the same value is the same build.').optional(),
    endedAt: expression().describe('When the build ended.').optional(),
  })
  .describe(
    'Where else than usual something is found in what CI sends; expressions as for version. Default: as the host has it.',
  );

const artifact = z
  .strictObject({
    url: expression()
      .describe('A .tar.gz or .tar.zst to fetch: https://builds.example.com/{version}.tar.gz')
      .optional(),
    sha256: expression().describe('Its digest as CI announces it, with url or archive.').optional(),
    image: expression().describe('An OCI image.').optional(),
    directory: expression().describe('A folder of this machine, in one of the configured ones.').optional(),
    archive: expression().describe('A .tar.gz or .tar.zst of this machine.').optional(),
    git: z
      .strictObject({
        repository: expression().describe('Its address.'),
        ref: expression().describe('What to build: {commit}, {tag}, …'),
      })
      .describe('Built here by the configured command.')
      .optional(),
  })
  .describe(
    'Where the files of the release come from: one of url, image, directory, archive, git. Default: as the host has it, or already in the releases folder.',
  );

const rule = z
  .strictObject({
    host: choice(buildHosts as readonly [BuildHost, ...BuildHost[]]).describe('The hook it comes by: /hooks/<host>.'),
    repository: matching(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/, 'a repository as owner/name')
      .describe(
        'owner/name as the host has it. Required for github, gitlab and bitbucket. Default for the others: whichever, where the event names the service.',
      )
      .optional(),
    events: listOf(choice(buildHosts.flatMap((host) => codeHost(host).events) as [string, ...string[]]), 5)
      .min(1, { error: 'a list of at least one event' })
      .describe(
        'github: workflow_run (default), release, push, pull_request. gitlab: pipeline (default), release, tag_push, merge_request. bitbucket: commit_status (default), push. cdevents: artifact.published (default), artifact.packaged, pipelinerun.finished.',
      )
      .optional(),
    workflow: pattern('the name of a workflow or pipeline, or its file')
      .describe('Name or file of the workflow or pipeline; * for any characters. Default: every one.')
      .optional(),
    branch: pattern('a branch')
      .describe('Branch; * for any characters. Default: the default branch. Required for bitbucket, or tag.')
      .optional(),
    tag: pattern('a tag').describe('Tag instead of a branch; * for any characters. Default: none.').optional(),
    pullRequests: yesNo()
      .describe(
        'Builds of pull or merge requests instead of those of branches; only for targets that are not the default one. Default: false.',
      )
      .optional(),
    triggers: listOf(matching(/^[a-z_]{1,40}$/, 'a word of the host such as push, schedule or parent_pipeline'), 20)
      .min(1, { error: 'a list of at least one word' })
      .describe(
        'What made it run, in the words of the host: push, schedule, workflow_dispatch (github), web (gitlab). Default: anything but a parent pipeline (gitlab).',
      )
      .optional(),
    conclusion: listOf(matching(/^[a-z_]{1,40}$/, 'a word of the host such as success'), 10)
      .min(1, { error: 'a list of at least one word' })
      .describe('Words of the host that mean a good build. Default: [success]; of bitbucket [successful].')
      .optional(),
    version: expression()
      .describe(
        'The version it becomes, which is the name of the release’s folder. Default: the tag; build-{runNumber}; pr-{pullRequest}-{shortCommit}; what the event says.',
      )
      .optional(),
    facts: facts.optional(),
    artifact: artifact.optional(),
    targets: named(
      choice(['announce', 'deploy', 'ignore']),
      namePattern,
      'a mapping from targets to announce, deploy or ignore',
    )
      .describe(
        'Per target: announce (people click Deploy), deploy (at once, under all gates), ignore. Default: announce on all; a target that is left out is ignored.',
      )
      .optional(),
  })
  .describe('One way in which CI announces releases of this service. The first rule that fits takes the build.');

export const builds = listOf(rule, 50).describe(
  'Which builds of CI are releases of this service. Default: those that /hooks/generic names it in.',
);

export type BuildRuleFile = z.infer<typeof rule>;

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
    events: rule.events ?? codeHost(host).events.slice(0, 1),
    repository,
    workflow,
    branch,
    tag,
    pullRequests: rule.pullRequests ?? false,
    triggers: rule.triggers,
    conclusion: rule.conclusion ?? codeHost(host).goodConclusions,
    version,
    facts: rule.facts ?? {},
    artifact,
    reactions: Object.fromEntries(
      targets.map((target) => [target, rule.targets ? (rule.targets[target] ?? 'ignore') : 'announce']),
    ),
  };
}
