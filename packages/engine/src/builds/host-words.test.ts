// What hosts really send in addition to what their rules ask for, from published payloads and the hosts' own words.

import { describe, expect, it } from 'vitest';
import { payload, readPayload, rulesOf } from './testing/payloads.ts';

const repository = 'acme/shop';
const commit = '9c1f3d2e8b7a60415263748596a7b8c9d0e1f203';
const ofPush = rulesOf({ host: 'github', repository, workflow: 'Release' });
const ofRequests = rulesOf({ host: 'github', repository, pullRequests: true, targets: { staging: 'deploy' } });

type Changed = Record<string, Record<string, unknown>>;

const run = (change: Record<string, unknown>, more: Record<string, unknown> = {}): Buffer =>
  payload('github', 'workflow-run-success', (reported: Changed) => {
    Object.assign(reported.workflow_run ?? {}, change);
    Object.assign(reported, more);
  });

const pipeline = (change: Record<string, unknown>, more: Record<string, unknown> = {}): Buffer =>
  payload('gitlab', 'pipeline-success', (reported: Changed) => {
    Object.assign(reported.object_attributes ?? {}, change);
    Object.assign(reported, more);
  });

const taken = (hook: string, rules: ReturnType<typeof rulesOf>, body: Buffer) =>
  readPayload(rules, { hook, kind: '', body }).rules.find(({ takes }) => takes);

describe('a run for a branch', () => {
  it.each(['push', 'schedule', 'workflow_dispatch', 'workflow_run', 'merge_group'])(
    'by %s, whose commit an open request lists too, is no build of the request',
    (event) => {
      const body = run({ event, pull_requests: [{ number: 7 }] });
      expect(taken('github', ofPush, body)?.build).toMatchObject({ pullRequest: undefined, branch: 'main' });
      expect(taken('github', ofRequests, body)).toBeUndefined();
    },
  );

  it.each([
    [[{ number: 7 }], 7],
    [[{ number: 7 }, { number: 8 }], undefined],
    [[], undefined],
  ])('of a request with the requests %j beside it is of %s: of several none is guessed', (requests, expected) => {
    const build = taken('github', ofRequests, run({ event: 'pull_request', pull_requests: requests }))?.build;
    expect(build).toMatchObject({ pullRequest: expected });
  });

  it.each(['push', 'web', 'schedule', 'api'])('of GitLab by %s is no build of an open request', (source) => {
    const request = { iid: 7, source_project_id: 1, target_project_id: 1 };
    const body = pipeline({ source }, { merge_request: request });
    expect(taken('gitlab', rulesOf({ host: 'gitlab', repository, version: 'v1' }), body)?.build).toMatchObject({
      pullRequest: undefined,
    });
  });

  it('of the generic hook has the number of its request only where it names one', () => {
    const reported = { event: 'build', service: 'shop', version: 'v1', branch: 'main', commit };
    const rules = rulesOf({ host: 'generic' });
    const build = taken('generic', rules, Buffer.from(JSON.stringify(reported)))?.build;
    expect(build).toMatchObject({ pullRequest: undefined });
  });
});

describe('the workflow of a run', () => {
  it.each([
    ['Release', { name: '' }, { workflow: { name: 'Release', path: '.github/workflows/release.yml' } }],
    ['release.yml', { path: '.github/workflows/release.yml@main' }, {}],
    ['.github/workflows/release.yml', { path: '.github/workflows/release.yml@refs/heads/main' }, {}],
    ['release.yml', { name: '', path: '' }, { workflow: { path: '.github/workflows/release.yml' } }],
  ])('%s is known by %j and %j', (workflow, change, more) => {
    expect(taken('github', rulesOf({ host: 'github', repository, workflow }), run(change, more))).toBeDefined();
  });
});

describe('what made a pipeline run', () => {
  const rule = { host: 'gitlab', repository, version: 'v1' } as const;
  const only = rulesOf({ ...rule, triggers: ['push', 'parent_pipeline'] });

  it.each([
    ['parent_pipeline', false, true],
    ['push', true, true],
    ['schedule', true, false],
    ['web', true, false],
  ])(
    '%s: taken by a rule without triggers: %s, by one that names push and parent_pipeline: %s',
    (source, plain, named) => {
      const body = pipeline({ source });
      expect(
        [taken('gitlab', rulesOf(rule), body), taken('gitlab', only, body)].map((each) => each !== undefined),
      ).toEqual([plain, named]);
    },
  );

  it('is a condition of a run of GitHub, too, and is shown', () => {
    const rules = rulesOf({ host: 'github', repository, triggers: ['push'] });
    expect(taken('github', rules, run({ event: 'push' }))).toBeDefined();
    const conditions = readPayload(rules, { hook: 'github', kind: '', body: run({ event: 'schedule' }) }).rules[0]
      ?.conditions;
    expect(conditions).toContainEqual({ name: 'trigger', expected: 'push', found: 'schedule', holds: false });
  });
});

describe('an event of CDEvents as the specification shows it', () => {
  const packaged = (change: Record<string, unknown>): Buffer =>
    Buffer.from(
      JSON.stringify({
        context: {
          version: '0.4.1',
          id: '271069a8',
          source: '/event/source/123',
          type: 'dev.cdevents.artifact.packaged.0.2.0',
          timestamp: '2023-03-20T14:27:05.315384Z',
        },
        subject: {
          id: 'pkg:golang/mygit.com/myorg/shop@234fd47e07d1004f0aed9c',
          source: '/event/source/123',
          type: 'artifact',
          content: {
            change: { id: 'myChange123', source: 'my-git.example/an-org/a-repo', ...change },
            uri: 'https://ci.example/7',
          },
        },
      }),
    );
  const rules = rulesOf({ host: 'cdevents', events: ['artifact.packaged'] });
  const read = (change: Record<string, unknown>) => taken('cdevents', rules, packaged(change));

  it('is taken: the id of a change is a commit only where it is a hash', () => {
    expect(read({})).toMatchObject({
      problem: undefined,
      build: {
        version: '234fd47e07d1004f0aed9c',
        commit: undefined,
        repository: 'an-org/a-repo',
        url: 'https://ci.example/7',
      },
    });
    expect(read({ id: commit })?.build).toMatchObject({ commit });
  });

  it.each([
    ['https://my-git.example/an-org/a-repo.git', 'an-org/a-repo'],
    ['https://my-git.example/group/sub/a-repo/', 'group/sub/a-repo'],
    ['/event/source/123', undefined],
    ['a-repo', undefined],
    [`https://a.b/${'a/'.repeat(20_000)}`, undefined],
  ])('number %# of a change source is read as the repository, if it is one', (source, expected) => {
    expect(read({ source })?.build?.repository).toBe(expected);
  });
});

describe('a payload without the name of its event', () => {
  const seen = (body: unknown) =>
    readPayload(ofPush, { hook: 'github', kind: '', body: Buffer.from(JSON.stringify(body)) }).event;
  const request = { head: { sha: commit, ref: 'x', repo: {} }, base: { repo: {} }, number: 7 };

  it.each([
    ['tag_push of GitLab', JSON.parse(payload('gitlab', 'tag-push').toString())],
    ['push of GitLab', { object_kind: 'push', ref: 'refs/heads/main', before: 'a', after: commit, commits: [] }],
    ['cache_sync', { ref: 'refs/heads/main', before: 'a', after: commit, repository: {}, sender: {} }],
    ['pull_request_review', { action: 'submitted', review: {}, pull_request: request }],
    ['pull_request_review_comment', { action: 'created', comment: {}, pull_request: request }],
    ['pull_request_review_thread', { action: 'resolved', thread: {}, pull_request: request }],
    [
      'deployment_status',
      { action: 'created', deployment: {}, deployment_status: {}, workflow: {}, workflow_run: { head_sha: commit } },
    ],
  ])('is not taken for another one: %s', (_, body) => {
    expect(seen(body)).toBeUndefined();
  });

  it.each([
    ['push', 'push'],
    ['push-tag', 'push'],
    ['release', 'release'],
    ['pull-request-opened', 'pull_request'],
    ['workflow-run-success', 'workflow_run'],
  ])('is known where it is one: %s', (name, event) => {
    expect(seen(JSON.parse(payload('github', name).toString()))?.event).toBe(event);
  });
});
