// Rules about builds: every mistake in them is reported with its line, before CI uses the rule.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withRules = (text: string): string =>
  edited(
    ['    targets:\n', `    builds:\n${text}\n    targets:\n`],
    [
      '          listen: 8080\n',
      `          listen: 8080
        default: true
      staging:
        slots: { blue: { port: 8011 }, green: { port: 8012 } }
        loadBalancer: { listen: 8090 }
`,
    ],
  );
const rule = (text: string) => withRules(`      - { host: github, repository: acme/shop, workflow: build, ${text} }`);
const problems = (text: string) => bench.problems(text).filter((problem) => problem.includes('builds'));

describe('a rule about builds', () => {
  it('is three lines in the usual case, and then means the default branch, any workflow, announced everywhere', () => {
    const { settings, problems: found } = bench.check(
      withRules('      - host: github\n        repository: acme/shop\n        workflow: build'),
    );
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(settings?.builds[0]).toMatchObject({
      service: 'shop',
      place: 'services.shop.builds[0]',
      events: ['workflow_run'],
      conclusion: ['success'],
      pullRequests: false,
      reactions: { production: 'announce', staging: 'announce' },
    });
  });

  it('that names targets ignores the others; the generic hook is heard without any', () => {
    const { settings } = bench.check(rule('targets: { staging: deploy }'));
    expect(settings?.builds.map(({ host, reactions }) => [host, reactions])).toEqual([
      ['github', { production: 'ignore', staging: 'deploy' }],
      ['generic', { production: 'announce', staging: 'announce' }],
    ]);
  });

  it('of a host that names no default branch names branch or tag, and is for no pull requests', () => {
    const ofBitbucket = (text: string) =>
      problems(withRules(`      - { host: bitbucket, repository: acme/shop${text} }`));
    expect(ofBitbucket(', branch: main')).toEqual([]);
    expect(ofBitbucket(', tag: "v*", events: [push]')).toEqual([]);
    expect(ofBitbucket('').join('\n')).toContain(
      'branch or tag is missing; bitbucket does not say which branch is the default one',
    );
    expect(ofBitbucket(', branch: main, pullRequests: true, targets: { staging: deploy }').join('\n')).toContain(
      'bitbucket does not say which builds are of pull requests',
    );
    expect(ofBitbucket(', branch: main, events: [pipeline]').join('\n')).toContain(
      'bitbucket has no such event; it has commit_status, push',
    );
  });

  it('does not decide what processes may share a state', () => {
    const digests = ['branch: main', 'branch: next'].map((text) => bench.check(rule(text)).settings?.digest);
    expect(digests[0]).toBeDefined();
    expect(digests[0]).toBe(digests[1]);
  });

  it.each([
    ['version: "$.run["', /^16:\d+ services\.shop\.builds\[0\]\.version: is no JSONPath: /],
    ['version: "v{runNumer}"', /^16:\d+ .*version: has \{runNumer\}, which is not known; known: commit, /],
    ['version: "v{version}"', /version: has \{version\}, which is not known/],
    ['facts: { commit: "{branch}" }', /facts\.commit: has \{branch\}/],
    ['facts: { comit: $.a }', /facts\.comit: "comit" is not a known key; did you mean "commit"\?/],
    [
      'targets: { prodution: deploy }',
      /targets\.prodution: "prodution" is not a known key; did you mean "production"\?/,
    ],
    ['targets: { staging: depoly }', /targets\.staging: expected one of announce, deploy, ignore, found "depoly"/],
    ['events: [pipeline]', /events\[0\]: github has no such event; it has workflow_run, release/],
    ['branch: main, tag: "v*"', /tag: a rule is for branches or for tags; write two rules/],
    ['artifact: { sha256: $.a }', /artifact: expected one of url, image, directory, archive, git, found none/],
    ['artifact: { url: "https://a/{version}", image: "a/b:c" }', /artifact: expected one of .*, found url and image/],
    ['artifact: { image: "a/b:c", sha256: $.a }', /artifact\.sha256: belongs to url or archive, not to image/],
    ['artifact: { git: { repository: "https://a/b", ref: "{sha}" } }', /artifact\.git\.ref: has \{sha\}/],
    ['pullRequests: true', /targets is missing: builds of pull requests go only to targets that are named/],
    [
      'pullRequests: true, targets: { production: deploy }',
      /targets\.production: builds of pull requests never go to the default target/,
    ],
    ['pullRequests: true, targets: { production: announce }', /targets\.production: builds of pull requests never/],
    ['events: [push], triggers: [push]', /triggers: push of github does not say what made it run/],
    ['events: [pull_request], targets: { staging: deploy }', /events: builds of pull requests need pullRequests: true/],
  ])('with %s is refused, and where and why is said', (text, expected) => {
    const found = problems(rule(text));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
    expect(found[0]).toMatch(/^16:/);
  });

  it('of GitHub that names no workflow is warned of', () => {
    const found = problems(withRules('      - { host: github, repository: acme/shop }'));
    expect(found).toEqual([
      expect.stringMatching(/^16:9 warning: .*every workflow of this repository counts as a build/),
    ]);
    expect(problems(withRules('      - { host: github, repository: acme/shop, events: [release] }'))).toEqual([]);
  });

  it('of a host with repositories names one', () => {
    expect(problems(withRules('      - host: gitlab'))).toEqual([
      expect.stringMatching(
        /^16:9 services\.shop\.builds\[0\]: repository is missing; expected owner\/name as gitlab has it$/,
      ),
    ]);
    expect(problems(withRules('      - host: generic'))).toEqual([]);
  });
});
