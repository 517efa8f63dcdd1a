// What is read out of the payloads of code hosts, rule by rule.

import { describe, expect, it } from 'vitest';
import { readDelivery } from './read.ts';
import { bodyOf, payload, readPayload, rulesOf } from './testing/payloads.ts';

const repository = 'acme/shop';
const commit = '9c1f3d2e8b7a60415263748596a7b8c9d0e1f203';
const sha256 = '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';
const request = { pullRequests: true, targets: { staging: 'deploy' } } as const;

const rules = rulesOf(
  { host: 'github', repository, workflow: 'Release', version: 'v{runNumber}' },
  { host: 'github', repository, events: ['release'] },
  { host: 'github', repository, events: ['push'], tag: 'v*' },
  { host: 'github', repository, events: ['pull_request', 'workflow_run'], ...request },
  { host: 'gitlab', repository, version: "$.object_attributes.variables[?@.key == 'SHOP_VERSION'].value" },
  { host: 'gitlab', repository, events: ['tag_push', 'release'] },
  { host: 'gitlab', repository, events: ['merge_request', 'pipeline'], ...request },
  { host: 'gitlab', repository, tag: 'v*' },
  { host: 'cdevents', events: ['artifact.published', 'artifact.packaged'] },
  { host: 'cdevents', repository, events: ['pipelinerun.finished'] },
);

const read = (hook: string, body: Buffer, kind = '') => readPayload(rules, { hook, kind, body });
const taken = (hook: string, body: Buffer, kind = '') => read(hook, body, kind).rules.filter(({ takes }) => takes);

describe('a build', () => {
  it.each([
    [
      'github',
      'workflow-run-success',
      0,
      { version: 'v117', branch: 'main', run: '7913001212/1', commit, committedAt: 1777882350000 },
    ],
    [
      'github',
      'workflow-run-failure',
      0,
      { version: 'v117', conclusion: 'failed', run: '7913000987/1', artifact: undefined },
    ],
    ['github', 'workflow-run-mended', 0, { version: 'v117', conclusion: 'succeeded', run: '7913000987/2' }],
    ['github', 'release', 1, { version: 'v2.1', tag: 'v2.1', branch: undefined, artifact: { kind: 'url', sha256 } }],
    ['github', 'push-tag', 2, { version: 'v2.1', tag: 'v2.1', commit }],
    ['github', 'pull-request-opened', 3, { version: 'pr-42-d7a8fbb', pullRequest: 42, branch: 'empty-basket' }],
    ['github', 'pull-request-synchronize', 3, { version: 'pr-42-d7a8fbb' }],
    ['github', 'workflow-run-pull-request', 3, { version: 'pr-42-9c1f3d2', pullRequest: 42 }],
    ['gitlab', 'pipeline-success', 4, { version: 'v2.1', branch: 'main', commit, committedAt: 1777882350000 }],
    ['gitlab', 'pipeline-failed', 4, { conclusion: 'failed', branch: 'main' }],
    ['gitlab', 'tag-push', 5, { version: 'v2.1', tag: 'v2.1', commit }],
    ['gitlab', 'release', 5, { version: 'v2.1', artifact: { kind: 'url' } }],
    ['gitlab', 'merge-request', 6, { version: 'pr-42-d7a8fbb', pullRequest: 42 }],
    ['gitlab', 'pipeline-merge-request', 6, { version: 'pr-42-9c1f3d2', pullRequest: 42 }],
    ['gitlab', 'pipeline-tag', 7, { version: 'v2.1', tag: 'v2.1', branch: undefined }],
    ['cdevents', 'artifact-published', 8, { version: 'v2.1', branch: 'main', artifact: { kind: 'url', sha256 } }],
    ['cdevents', 'artifact-published-data', 8, { version: 'v2.1', commit }],
    ['cdevents', 'artifact-packaged', 8, { version: 'v2.1', commit }],
    ['cdevents', 'pipelinerun-finished-success', 9, { version: 'v2.1', conclusion: 'succeeded' }],
    ['cdevents', 'pipelinerun-finished-failure', 9, { version: 'v2.1', conclusion: 'failed' }],
  ])('of %s, %s, is taken by rule %i', (hook, name, index, expected) => {
    const [first, ...others] = taken(hook, payload(hook, name));
    expect(others).toEqual([]);
    expect([first?.rule.place, first?.problem]).toEqual([`services.shop.builds[${index}]`, undefined]);
    expect(first?.build).toMatchObject({ service: 'shop', host: hook, repository, ...expected });
  });

  it.each([
    ['github', 'workflow-run-cancelled'],
    ['github', 'workflow-run-requested'],
    ['github', 'pull-request-merged'],
    ['github', 'push'],
    ['github', 'ping'],
    ['github', 'check-suite'],
    ['github', 'deployment-status'],
    ['gitlab', 'merge-request-merged'],
    ['gitlab', 'push'],
    ['gitlab', 'job'],
  ])('is none of %s, %s', (hook, name) => {
    expect(taken(hook, payload(hook, name))).toEqual([]);
  });

  it('has every person as an author who is named in the commit, found by a private address too', () => {
    const body = payload(
      'github',
      'workflow-run-success',
      (run: { workflow_run: { head_commit: { author: object } } }) => {
        run.workflow_run.head_commit.author = { name: 'Carol', email: '123+carol-c@users.noreply.github.com' };
      },
    );
    expect(taken('github', body)[0]?.build?.authors).toEqual([
      { name: 'Carol', email: '123+carol-c@users.noreply.github.com', login: 'carol-c' },
      { name: 'Bob Brown', email: 'bob@acme.example', login: undefined },
    ]);
  });

  it.each([
    ['blanks', `co-authored-by:${' '.repeat(65_000)}`],
    ['many lines', 'co-authored-by: x <a@b\n'.repeat(3_000)],
    ['brackets', `co-authored-by: ${'<'.repeat(65_000)}`],
  ])('is read at once, whatever its message is full of: %s', (_what, message) => {
    const body = payload(
      'github',
      'workflow-run-success',
      (run: { workflow_run: { head_commit: { message: string } } }) => {
        run.workflow_run.head_commit.message = message;
      },
    );
    const from = performance.now();
    expect(taken('github', body)[0]?.build?.authors).toHaveLength(1);
    expect(performance.now() - from).toBeLessThan(3_000);
  });

  it('of a fork is one of a pull request, whatever its branch is called', () => {
    const body = payload(
      'github',
      'workflow-run-success',
      (run: { workflow_run: { head_repository: { full_name: string } } }) => {
        run.workflow_run.head_repository.full_name = 'eve/shop';
      },
    );
    const { event, rules: asked } = read('github', body);
    expect(event).toMatchObject({ isForked: true, isPullRequest: true });
    expect(asked[0]).toMatchObject({ takes: false });
    expect(asked[3]).toMatchObject({ takes: true, build: { version: 'pr-9c1f3d2', branch: 'fork:main' } });
  });

  it.each([
    ['pipeline-merge-request', 'merge_request', { source_project_id: 701 }, true],
    ['pipeline-merge-request', 'merge_request', { source_project_id: null }, true],
    ['pipeline-merge-request', 'merge_request', {}, false],
    ['merge-request', 'object_attributes', { source_project_id: 701 }, true],
    ['merge-request', 'object_attributes', {}, false],
  ])('of GitLab, %s with %s %j, is of a fork: %s', (name, place, change, isForked) => {
    const body = payload('gitlab', name, (reported: Record<string, object>) =>
      Object.assign(reported[place] ?? {}, change),
    );
    expect(read('gitlab', body).event).toMatchObject({ isPullRequest: true, isForked });
  });

  it('is not read out of another event under its name: the header that names it is not signed', () => {
    expect(read('github', payload('github', 'check-suite'), 'workflow_run').event).toBeUndefined();
    expect(read('github', payload('github', 'release'), 'push').event).toBeUndefined();
  });

  it('of another repository matches no service', () => {
    const body = payload('github', 'workflow-run-success', (run: { repository: { full_name: string } }) => {
      run.repository.full_name = 'eve/shop';
    });
    const missing = read('github', body).rules[0]?.conditions.filter(({ holds }) => !holds);
    expect(missing).toContainEqual({ name: 'repository', expected: 'acme/shop', found: 'eve/shop', holds: false });
  });
});

describe('the generic hook', () => {
  const reported = { event: 'build', service: 'shop', version: 'v2.1' };

  it('needs no rule', () => {
    const [first] = taken(
      'generic',
      bodyOf({ ...reported, commit, artifact: { url: 'https://b.example/a.tar.gz', sha256 } }),
    );
    expect(first).toMatchObject({
      rule: { reactions: { production: 'announce', staging: 'announce' } },
      build: { version: 'v2.1', commit, artifact: { kind: 'url', url: 'https://b.example/a.tar.gz', sha256 } },
    });
  });

  it.each([
    [{ ...reported, conclusion: 'FAILURE' }, 'failed'],
    [{ ...reported, conclusion: 'success' }, 'succeeded'],
  ])('%j is a build that %s', (body, conclusion) => {
    expect(taken('generic', bodyOf(body))[0]?.build?.conclusion).toBe(conclusion);
  });

  it.each([
    [{ ...reported, verison: 'v2' }, /"verison" is not known here/],
    [{ event: 'build', version: 'v1' }, /"service" is missing/],
    [{ event: 'deploy', service: 'shop' }, /"event" does not fit/],
  ])('%j cannot be read', (body, problem) => {
    expect(read('generic', bodyOf(body)).problem).toMatch(problem);
  });

  it.each([
    [{ ...reported, version: '../v2' }, /builds|generic.*version: generic says "\.\.\/v2"; expected a version/],
    [{ ...reported, version: '{commit}', commit }, /version: generic says "\{commit\}"/],
    [{ ...reported, version: undefined }, /version: generic build names none/],
    [{ ...reported, commit: 'main; rm -rf /' }, /commit: expected a full commit id/],
    [{ ...reported, commit: '9c1f3d2' }, /commit: expected a full commit id/],
    [{ ...reported, committedAt: 'yesterday' }, /committedAt: expected a time/],
    [{ ...reported, artifact: { url: 'file:///etc/passwd' } }, /artifact\.url: expected an http or https address/],
    [{ ...reported, artifact: { url: 'https://u:p@b.example/a' } }, /artifact\.url: expected .* without a user name/],
    [{ ...reported, artifact: { url: 'https://b.example/a', sha256: 'abc' } }, /artifact\.sha256: expected 64/],
    [{ ...reported, artifact: { url: 'https://b.example/a', image: 'r.example/a:1' } }, /url and image together/],
    [{ ...reported, artifact: {} }, /expected one of url, image/],
    [{ ...reported, artifact: 'https://b.example/a' }, /expected one of url, image/],
    [{ ...reported, artifact: { image: '-rm' } }, /artifact\.image: expected an image/],
    [{ ...reported, artifact: { directory: '/srv/../etc' } }, /expected an absolute path without/],
    [{ ...reported, artifact: { git: { repository: 'ext::sh -c id', ref: 'main' } } }, /git\.repository: expected/],
    [
      { ...reported, artifact: { git: { repository: 'https://g.example/a', ref: '--upload-pack=id' } } },
      /git\.ref: expected/,
    ],
    [{ ...reported, artifact: { git: {} } }, /git\.repository: expected/],
  ])('%j is refused with its own sentence', (body, problem) => {
    const [first] = taken('generic', bodyOf(body));
    expect(first?.build).toBeUndefined();
    expect(first?.problem).toMatch(problem);
  });

  it('shortens and cleans what is for people only, and leaves out a link that acts', () => {
    const body = {
      ...reported,
      subject: `a\u0007b\u001b[31m${'c'.repeat(300)}\nrest`,
      url: 'javascript:alert(1)',
      authors: Array(99).fill({ name: 'x' }),
    };
    const build = taken('generic', bodyOf(body))[0]?.build;
    expect(build?.subject).toMatch(/^a b \[31mc+$/);
    expect(build?.subject).toHaveLength(200);
    expect([build?.url, build?.authors.length]).toEqual([undefined, 1]);
  });
});

describe('a rule', () => {
  it('names itself, its expression and the place where nothing was found', () => {
    const [own] = rulesOf({ host: 'github', repository, facts: { commit: '$.workflow_run.no_such' } });
    const made = readPayload(own ? [own] : [], { hook: 'github', body: payload('github', 'workflow-run-success') });
    expect(made.rules[0]?.problem).toBe('services.shop.builds[0]: facts.commit: $.workflow_run.no_such finds nothing');
  });

  it('builds the address of the artifact from what is known, and encodes what it puts there', () => {
    const url = 'https://builds.example/{branch}/{version}.tar.gz';
    const [own] = rulesOf({ host: 'gitlab', repository, version: 'v{runNumber}', artifact: { url } });
    const body = payload(
      'gitlab',
      'pipeline-success',
      (reported: { object_attributes: { ref: string }; project: { default_branch: string } }) => {
        reported.object_attributes.ref = 'release/1?x#y';
        reported.project.default_branch = 'release/1?x#y';
      },
    );
    const made = readPayload(own ? [own] : [], { hook: 'gitlab', body });
    expect(made.rules[0]?.build?.artifact).toEqual({
      kind: 'url',
      url: 'https://builds.example/release%2F1%3Fx%23y/v117.tar.gz',
      sha256: undefined,
    });
  });

  it('is the first of its service that fits; other services are asked for themselves', () => {
    const [first, second] = rulesOf({ host: 'github', repository }, { host: 'github', repository });
    const other = { ...(second as NonNullable<typeof second>), service: 'mail' };
    const made = readPayload([first, second, other] as never, {
      hook: 'github',
      body: payload('github', 'workflow-run-success'),
    });
    expect(made.rules.map(({ takes }) => takes)).toEqual([true, false, true]);
  });

  it.each([
    ['main', 'main', true],
    ['main', 'mainline', false],
    ['release/*', 'release/1', true],
    ['release/*', 'release', false],
    ['*-rc*', 'v1-rc2', true],
    ['v*.*', 'v1', false],
    ['a*a', 'a', false],
    ['*', 'anything/at all', true],
    ['a.c', 'abc', false],
  ])('for the branch %s and a build of %s: %s', (branch, found, takes) => {
    const [own] = rulesOf({ host: 'github', repository, branch });
    const body = payload('github', 'workflow-run-success', (run: { workflow_run: { head_branch: string } }) => {
      run.workflow_run.head_branch = found;
    });
    expect(readPayload(own ? [own] : [], { hook: 'github', body }).rules[0]?.takes).toBe(takes);
  });
});

describe('what is no JSON', () => {
  it.each([
    ['', 'nothing'],
    ['{', 'a piece'],
    ['\xff\xfe', 'no UTF-8'],
  ])('%j (%s) is said to be none', (text) => {
    expect(read('github', Buffer.from(text, 'latin1')).problem).toBe('the body is not JSON');
  });

  it.each(['null', '[]', '3', '"x"', '[[[[]]]]'])('and %s is no object, and no event', (text) => {
    expect(read('github', Buffer.from(text)).problem).toBe('the body must be a JSON object');
    for (const hook of ['github', 'gitlab', 'cdevents', 'generic'])
      expect(readDelivery(rules, { hook, document: JSON.parse(text) })).toMatchObject({
        event: undefined,
        problem: undefined,
        rules: [],
      });
  });
});
