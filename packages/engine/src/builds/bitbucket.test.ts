// Bitbucket Cloud: which statuses are builds, and whose accounts four eyes count. Payloads have the shapes of its documentation.

import { afterEach, describe, expect, it } from 'vitest';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { setCi } from './testing/ci.ts';
import { documentOf, payload, readPayload, rulesOf } from './testing/payloads.ts';
import { writersOf } from './writers.ts';

const repository = 'acme/shop';
const commit = '9c1f3d2e8b7a60415263748596a7b8c9d0e1f203';
const [alice, bob] = ['557058:0c1d2e3f-0000-4000-8000-00000000a11c', '5cf8e3a9678ca90f8e7c0b0b'];

const ofMain = rulesOf({ host: 'bitbucket', repository, branch: 'main' });
const ofTags = rulesOf({ host: 'bitbucket', repository, events: ['push'], tag: 'v*' });

interface Status {
  commit_status: Record<string, unknown>;
}

const read = (rules: typeof ofMain, name: string, change?: (body: never) => void) =>
  readPayload(rules, { hook: 'bitbucket', body: payload('bitbucket', name, change) });
const status = (change: Record<string, unknown>) =>
  read(ofMain, 'commit-status-successful', (body: Status) => Object.assign(body.commit_status, change));

describe('a commit status', () => {
  it('that is successful is a build of its branch', () => {
    expect(read(ofMain, 'commit-status-successful').rules[0]?.build).toMatchObject({
      version: 'build-117',
      conclusion: 'succeeded',
      host: 'bitbucket',
      repository,
      branch: 'main',
      tag: undefined,
      commit,
      subject: 'Merged in basket (pull request #7)',
      url: 'https://bitbucket.org/acme/shop/pipelines/results/117',
      authors: [{ name: 'Bob Brown', email: 'bob@acme.example', login: bob }],
      actors: [{ did: 'triggered', login: bob, name: 'Bob Brown', email: undefined }],
      committedAt: Date.parse('2026-05-04T08:12:30Z'),
    });
  });

  it('that failed is a failed build, and one that goes on or was stopped is none', () => {
    expect(read(ofMain, 'commit-status-failed').rules[0]?.build?.conclusion).toBe('failed');
    expect(read(ofMain, 'commit-status-inprogress').rules[0]?.takes).toBe(false);
    expect(status({ state: 'STOPPED' }).rules[0]?.takes).toBe(false);
  });

  it('without a field for the commit names it in a link, as the documentation shows it', () => {
    const build = status({ commit: undefined }).rules[0]?.build;
    expect(build).toMatchObject({ commit, authors: [], subject: undefined });
  });

  it.each(['basket', 'mainline', undefined])('of the branch %s is no build of main', (refname) => {
    expect(status({ refname }).rules[0]?.takes).toBe(false);
  });

  it('of another repository, such as a fork, is taken by no rule', () => {
    const found = read(ofMain, 'commit-status-successful', (body: { repository: Record<string, unknown> }) => {
      body.repository.full_name = 'mallory/shop';
    });
    expect(found.rules[0]?.takes).toBe(false);
  });

  it('is another run once it ends again, and the same run however often it is delivered', () => {
    const runs = ['2026-05-04T08:19:05Z', '2026-05-04T09:00:00Z'].map(
      (updated_on) => status({ updated_on }).rules[0]?.build?.run,
    );
    expect(new Set(runs).size).toBe(2);
    expect(status({ updated_on: '2026-05-04T08:19:05Z' }).rules[0]?.build?.run).toBe(runs[0]);
  });

  it('is distinguished from a push by its body, whatever the name of the event says', () => {
    expect(read(ofMain, 'push').event?.event).toBe('push');
    expect(read(ofMain, 'pullrequest-merged').rules[0]?.takes).toBe(false);
  });
});

describe('a push', () => {
  it('of a tag is a build where a rule reads pushes', () => {
    expect(read(ofTags, 'push-tag').rules[0]?.build).toMatchObject({ version: 'v2.1', tag: 'v2.1', branch: undefined });
  });

  it('of several tags, and one that deletes a branch, is none', () => {
    const twice = read(ofTags, 'push-tag', (body: { push: { changes: unknown[] } }) => {
      body.push.changes.push(body.push.changes[0]);
    });
    expect(twice.rules[0]?.takes).toBe(false);
    expect(read(ofTags, 'push-deleted').event?.unfinished).toBe('deleted');
  });
});

describe('an account', () => {
  it('is known by its id and not by its nickname, which its owner chooses', () => {
    const event = read(ofMain, 'push', (body: { actor: Record<string, unknown> }) => {
      body.actor.nickname = 'carol';
    }).event;
    expect(event?.actors.map(({ login }) => login)).toEqual([alice]);
  });

  it.each(['app_user', 'team'])('of the type %s is no person', (type) => {
    const event = read(ofMain, 'push', (body: { actor: Record<string, unknown> }) => {
      body.actor.type = type;
    }).event;
    expect(event?.actors).toEqual([]);
  });
});

describe('four eyes', () => {
  let testEngine: TestEngine;
  afterEach(() => testEngine.remove());

  async function deliver(name: string, change?: (body: never) => void) {
    const document = documentOf(payload('bitbucket', name, change));
    const ending = await testEngine.engine.builds.take({ hook: 'bitbucket', kind: '', document });
    return typeof ending === 'function' ? ending() : ending;
  }
  const pushedBy = (account_id: string) => (body: { actor: Record<string, unknown> }) => {
    body.actor.account_id = account_id;
  };
  const names = () =>
    writersOf(testEngine.store.db, testEngine.settings, { service: 'shop', version: 'v2.1' }).hands.map(
      ({ did, name }) => `${name} ${did}`,
    );
  const set = () => {
    testEngine = setCi(`      - { host: bitbucket, repository: acme/shop, branch: main, version: v2.1 }\n`);
    testEngine.serving();
  };

  it('count who opened, pushed to and merged the request that added the commit', async () => {
    set();
    await deliver('push', pushedBy('mallory-id'));
    await deliver('pullrequest-created');
    expect(await deliver('pullrequest-merged')).toMatchObject({
      state: 'ignored',
      sentence: expect.stringContaining(`remembered for four eyes: ${alice} opened it, ${bob} merged it`),
    });
    await deliver('commit-status-successful', (body: { actor: Record<string, unknown> }) => {
      body.actor.type = 'app_user';
    });
    expect(names()).toEqual(
      expect.arrayContaining([
        `Alice Adams <mallory-id> pushed`,
        `Alice Adams <${alice}> opened`,
        `Bob Brown <${bob}> merged`,
      ]),
    );
  });

  it('do not count who only commented, nor a request that was declined', async () => {
    set();
    await deliver('pullrequest-merged', (body: Record<string, unknown>) => Object.assign(body, { comment: { id: 1 } }));
    await deliver('pullrequest-merged', (body: { pullrequest: Record<string, unknown> }) =>
      Object.assign(body.pullrequest, { state: 'DECLINED' }),
    );
    await deliver('commit-status-successful');
    expect(names()).toEqual([`Bob Brown <bob@acme.example> wrote`, `Bob Brown <${bob}> triggered`]);
  });
});
