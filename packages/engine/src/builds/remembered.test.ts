// Who opened and merged what became a commit counts when that commit is built, whichever delivery came first.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { alice, carol, codeOf, type TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { forgetHands, readHands, writeHands } from '../state/contributors.ts';
import { setCi } from './testing/ci.ts';
import { bodyOf, documentOf, payload } from './testing/payloads.ts';
import { writersOf } from './writers.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const sha = '9c1f3d2e8b7a60415263748596a7b8c9d0e1f203';
const place = { host: 'github', repository: 'acme/shop' };
const user = (login: string) => ({ login, type: 'User' });
type Recipients = Record<string, Record<string, unknown>>;

function set(host = 'github', more = 'workflow: Release, '): void {
  testEngine = setCi(`      - { host: ${host}, repository: acme/shop, ${more}version: v2.1 }\n`);
  testEngine.serving();
}

async function deliver(hook: string, kind: string, body: Buffer) {
  const ending = await testEngine.engine.builds.take({ hook, kind, document: documentOf(body) });
  return typeof ending === 'function' ? ending() : ending;
}

/** A run on main for the merge commit, which only a machine triggered. */
const ran = () =>
  deliver(
    'github',
    'workflow_run',
    payload('github', 'workflow-run-success', (body: Recipients) => {
      const bot = { login: 'merge-app[bot]', type: 'Bot' };
      const author = { name: 'Zoe', email: 'zoe@elsewhere.example' };
      const run = body.workflow_run ?? {};
      Object.assign(run, {
        actor: bot,
        triggering_actor: bot,
        head_commit: { ...(run.head_commit as object), author },
      });
      Object.assign(body, { sender: bot });
    }),
  );

const request = (action: string, change: Record<string, unknown> = {}, sender = user('zoe')) =>
  deliver(
    'github',
    'pull_request',
    payload('github', 'pull-request-merged', (body: Recipients) => {
      const isMerged = action === 'closed';
      Object.assign(body, { action, sender });
      Object.assign(body.pull_request ?? {}, {
        user: user('carol-c'),
        merged: isMerged,
        merged_by: isMerged ? user('alice-adams') : null,
      });
      Object.assign(body.pull_request ?? {}, isMerged ? {} : { merge_commit_sha: 'f'.repeat(40) }, change);
    }),
  );

const namesNow = () =>
  writersOf(testEngine.store.db, testEngine.settings, { service: 'shop', version: 'v2.1' }).hands.map(
    ({ did, name }) => `${name} ${did}`,
  );

describe('a request that was merged', () => {
  it('does not let the person who merged it approve the run on main that follows', async () => {
    set();
    expect(await request('closed')).toMatchObject({
      state: 'ignored',
      sentence: expect.stringContaining(
        'remembered for four eyes: carol-c opened it, zoe merged it, alice-adams merged it',
      ),
    });
    await ran();
    expect(namesNow()).toEqual(expect.arrayContaining(['carol-c opened', 'alice-adams merged', 'zoe merged']));
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(testEngine.engine.approve(ref, alice)).toMatchObject({
      refusal: { code: 'four-eyes', sentence: 'alice merged v2.1 and cannot approve it' },
    });
    expect(testEngine.engine.deployment(ref.id)?.warnings).toContain('merged by alice, who cannot approve it');
    expect(codeOf(testEngine.engine.approve({ id: ref.id }, carol))).toBe('ok');
  });

  it('counts when its delivery comes after the run, and when it comes twice', async () => {
    set();
    await ran();
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    await request('closed');
    await request('closed');
    expect(codeOf(testEngine.engine.approve(ref, alice))).toBe('four-eyes');
    expect(codeOf(testEngine.engine.approve(ref, carol))).toBe('ok');
  });

  it('adds who pushed to it and who queued it, and not who only gave it a label', async () => {
    set();
    await request('opened');
    await request('synchronize', {}, user('mallory'));
    await request('labeled', {}, user('labeller'));
    await request('enqueued', {}, user('queuer'));
    await request(
      'closed',
      { auto_merge: { enabled_by: user('patient') } },
      { login: 'github-merge-queue[bot]', type: 'Bot' },
    );
    await ran();
    expect(
      namesNow()
        .filter((name) => !name.includes('wrote'))
        .toSorted(),
    ).toEqual([
      'alice-adams merged',
      'carol-c opened',
      'mallory pushed',
      'patient merged',
      'queuer merged',
      'zoe opened',
    ]);
  });

  it('says nothing of the commit of a trial merge, and nothing when it is closed without one', async () => {
    set();
    await request('opened');
    expect(readHands(testEngine.store.db, place, 'f'.repeat(40))).toEqual([]);
    const before = readHands(testEngine.store.db, place, '#42');
    await request('closed', { merged: false, merged_by: null, merge_commit_sha: 'e'.repeat(40) }, user('closer'));
    expect(readHands(testEngine.store.db, place, 'e'.repeat(40))).toEqual([]);
    expect(readHands(testEngine.store.db, place, '#42')).toEqual(before);
  });

  it('of a repository that no rule builds is forgotten at once', async () => {
    set();
    const body = payload('github', 'pull-request-merged', (reported: Recipients) => {
      Object.assign(reported.repository ?? {}, { full_name: 'acme/other' });
    });
    expect((await deliver('github', 'pull_request', body)).sentence).not.toContain('remembered');
    expect(testEngine.store.db.$client.prepare('SELECT count(*) FROM hands').pluck().get()).toBe(0);
  });
});

describe('other hosts and other deliveries', () => {
  it('of GitLab: who opened, pushed and merged a merge request', async () => {
    set('gitlab', '');
    const reported = (action: string, username: string, more: Record<string, unknown> = {}) =>
      deliver(
        'gitlab',
        '',
        payload('gitlab', 'merge-request', (body: Recipients) => {
          Object.assign(body, { user: { id: username.length, username, name: username } });
          Object.assign(body.object_attributes ?? {}, { action, author_id: 99, ...more });
        }),
      );
    await reported('open', 'carol-c');
    await reported('update', 'mallory');
    await reported('approved', 'reviewer');
    await reported('merge', 'alice-adams', { merge_commit_sha: sha, last_commit: { id: 'a'.repeat(40) } });
    await deliver(
      'gitlab',
      '',
      payload('gitlab', 'pipeline-success', (body: Recipients) => {
        Object.assign(body, { user: { username: 'project_7_bot_abc', name: 'bot' } });
      }),
    );
    expect(
      namesNow()
        .filter((name) => !name.includes('wrote'))
        .toSorted(),
    ).toEqual(['alice-adams <alice-adams> merged', 'carol-c <carol-c> opened', 'mallory <mallory> pushed']);
  });

  it("of Gitea, which sends GitHub's headers and its own words", async () => {
    set();
    const gitea = (action: string, merged: boolean, sender: string) =>
      deliver(
        'github',
        'pull_request',
        bodyOf({
          action,
          number: 5,
          pull_request: {
            number: 5,
            user: { login: 'carol-c' },
            merged,
            merged_by: merged ? { login: 'alice-adams' } : null,
            merge_commit_sha: merged ? sha : null,
            head: { sha: 'b'.repeat(40), repo: { full_name: 'acme/shop' } },
            base: { repo: { full_name: 'acme/shop' } },
          },
          repository: { full_name: 'Acme/Shop', default_branch: 'main' },
          sender: { login: sender },
        }),
      );
    await gitea('synchronized', false, 'mallory');
    await gitea('closed', true, 'alice-adams');
    await ran();
    expect(namesNow()).toEqual(expect.arrayContaining(['alice-adams merged', 'carol-c opened', 'mallory pushed']));
  });

  it('of a push: who pushed a commit counts when a person without a hand in it runs the build by hand', async () => {
    set();
    await deliver(
      'github',
      'push',
      payload('github', 'push', (body: Recipients) => {
        Object.assign(body, {
          ref: 'refs/heads/main',
          after: sha,
          pusher: { name: 'mallory' },
          sender: user('mallory'),
        });
      }),
    );
    await ran();
    expect(namesNow()).toContain('mallory pushed');
  });
});

describe('the memory', () => {
  it('is bounded by number and by age, and the newest stay', () => {
    set();
    const write = (subject: string) =>
      testEngine.store.receive((db, now) => {
        const tx = { db, now };
        writeHands(tx, place, { subject, actors: [{ did: 'opened', login: 'x', name: undefined, email: undefined }] });
        forgetHands(tx, 3);
      });
    for (const subject of ['#1', '#2', '#3', '#4']) {
      write(subject);
      testEngine.clock.advance(1_000);
    }
    expect(readHands(testEngine.store.db, place, '#1')).toEqual([]);
    expect(readHands(testEngine.store.db, place, '#2')).toHaveLength(1);
    testEngine.clock.advance(200 * 86_400_000);
    write('#5');
    expect(testEngine.store.db.$client.prepare('SELECT subject FROM hands').pluck().all()).toEqual(['#5']);
  });

  it('is added to a state of the version before', () => {
    set();
    const text = readFileSync(resolve(import.meta.dirname, '../../../../migrations/0009_hands.sql'), 'utf8');
    expect(text).toContain('CREATE TABLE IF NOT EXISTS hands');
    testEngine.store.db.$client.exec(
      'DROP TABLE hands; DELETE FROM __drizzle_migrations WHERE created_at >= 1795320000000',
    );
    testEngine.open('newer');
    expect(readHands(testEngine.store.db, place, sha)).toEqual([]);
  });
});
