// Four eyes: the person who wrote the commit counts as having asked for its deployment.

import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, carol, ci, codeOf, type TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { announceAll, announced, buildBody, deliver, setCi } from './testing/ci.ts';
import { documentOf, payload } from './testing/payloads.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const runRules = '      - { host: github, repository: acme/shop, workflow: Release, version: "v2.1" }\n';

const account = (login: string, type = 'User') => ({ login, type });

interface Run {
  head_commit: { author: { name: string; email: string } };
  actor: unknown;
  triggering_actor: unknown;
  run_attempt: number;
  id: number;
}

/** GitHub says that a run of main has ended well, whose commit names bob as its author. */
async function ranBy(change: (body: { workflow_run: Run; sender: unknown }) => void, rules = runRules) {
  testEngine = setCi(rules);
  testEngine.serving();
  await ranAgain(change);
  return testEngine;
}

async function ranAgain(change: (body: { workflow_run: Run; sender: unknown }) => void) {
  const body = payload('github', 'workflow-run-success', (given: never) => {
    const all = given as { workflow_run: Run; sender: unknown };
    all.workflow_run.head_commit.author = { name: 'Bob', email: 'bob@acme.example' };
    change(all);
  });
  const ending = await testEngine.engine.builds.take({
    hook: 'github',
    kind: 'workflow_run',
    document: documentOf(body),
  });
  return typeof ending === 'function' ? ending() : ending;
}

const by =
  (actor: unknown, triggering = actor, sender = triggering) =>
  (body: { workflow_run: Run; sender: unknown }) => {
    body.workflow_run.actor = actor;
    body.workflow_run.triggering_actor = triggering;
    body.sender = sender;
  };

describe('an account that the code host vouches for', () => {
  it('counts in addition to the author whom the commit names, and the plan says that they differ', async () => {
    const { engine } = await ranBy(by(account('Alice-Adams')));
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(engine.deployment(ref.id)?.approval?.writers).toEqual(['bob', 'alice']);
    expect(engine.approve(ref, alice)).toMatchObject({
      refusal: { code: 'four-eyes', sentence: 'alice pushed v2.1 and cannot approve it', hint: 'Ask carol.' },
    });
    expect(codeOf(engine.approve(ref, bob))).toBe('four-eyes');
    const { warnings } = engine.deployment(ref.id) ?? {};
    expect(warnings).toEqual(
      expect.arrayContaining([
        'written by bob, who cannot approve it',
        'pushed by alice, who cannot approve it',
        'its commits name bob as author, and the code host alice (pushed it): they differ, and all of them count',
      ]),
    );
    expect(codeOf(engine.approve({ id: ref.id }, carol))).toBe('ok');
  });

  it('counts as the one who triggered it, or sent it, too', async () => {
    const { engine } = await ranBy(by(account('zoe'), account('zoe'), account('alice-adams')));
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(engine.approve(ref, alice)).toMatchObject({
      refusal: { sentence: 'alice triggered the build of v2.1 and cannot approve it' },
    });
    expect(engine.deployment(ref.id)?.warnings).toContain(
      'pushed by zoe, who are not in people: four eyes cannot be checked for them',
    );
  });

  it('is left out where it is a bot, by its type or by a login that no person can have', async () => {
    const { engine } = await ranBy(by(account('release-app', 'Bot'), account('renovate[bot]'), account('web-flow')));
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(engine.deployment(ref.id)?.warnings.filter((line) => line.includes(' by '))).toEqual([
      'written by bob, who cannot approve it',
    ]);
  });

  it('had no hand in it by running it again; the account of the first attempt had', async () => {
    const again = (body: { workflow_run: Run; sender: unknown }) => {
      by(account('zoe'), account('alice-adams'))(body);
      body.workflow_run.run_attempt = 2;
    };
    const { engine } = await ranBy(again);
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(engine.deployment(ref.id)?.approval?.writers).toEqual(['bob']);
    expect(codeOf(engine.approve(ref, alice))).toBe('ok');
  });

  it('of a timetable is no person', async () => {
    const { engine } = await ranBy((body) => {
      by(account('alice-adams'))(body);
      (body.workflow_run as unknown as { event: string }).event = 'schedule';
    });
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(codeOf(engine.approve(ref, alice))).toBe('ok');
  });

  it('counts when a later run announces the same version, and removes no other account', async () => {
    const { engine } = await ranBy(by(account('alice-adams')));
    const settled = await ranAgain((body) => {
      by(account('carol-codes'))(body);
      body.workflow_run.id += 1;
      body.workflow_run.head_commit.author = { name: 'Dave', email: 'dave@acme.example' };
    });
    expect(settled.state).toBe('done');
    expect(engine.audit.after(0, 1000).find(({ action }) => action === 'build-hands')?.sentence).toBe(
      'github names Dave <dave@acme.example> (wrote), carol-codes (pushed) for shop v2.1 too',
    );
    const ref = testEngine.running('await-approval', { requestedBy: 'machine:github' });
    expect(engine.deployment(ref.id)?.approval?.writers).toEqual(['bob', 'alice']);
  });
});

describe('where no person is left who may approve', () => {
  it('the announcement and the plan say so, and where too few are left as well', async () => {
    const two = [{ email: 'alice@acme.example' }, { email: 'bob@acme.example' }];
    testEngine = setCi(`${announceAll}    approval: { approvers: [alice, bob] }\n`);
    testEngine.serving();
    await deliver(testEngine.engine, buildBody('v2.1', 1, { authors: two }));
    const left = 'no approver is left for it: alice, bob asked for it or had a hand in it';
    expect(announced(testEngine.engine).remarks?.join()).toContain(`production: ${left}`);
    const plan = await testEngine.engine.plan({ version: 'v2.1', actor: ci });
    expect(plan.ok && plan.value.warnings.join()).toContain(left);
    // Asked for by the one approver who did not write it.
    await deliver(testEngine.engine, buildBody('v2.0', 2, { authors: [two[0]] }));
    const asked = await testEngine.engine.plan({ version: 'v2.0', actor: bob });
    expect(asked.ok && asked.value.warnings.join()).toContain(left);
    const free = await testEngine.engine.plan({ version: 'v2.0', actor: ci });
    expect(free.ok && free.value.warnings.join()).not.toContain('no approver is left');
  });
});

/** v2.1, asked for by a machine, waits for an approval of alice, bob or carol. */
async function waiting(authors: readonly object[], options = { fourEyes: true }) {
  testEngine = setCi(announceAll);
  if (!options.fourEyes) {
    testEngine.remove();
    testEngine = setCi(`${announceAll}    approval: { fourEyes: false }\n`);
  }
  testEngine.serving();
  await deliver(testEngine.engine, buildBody('v2.1', 1, { authors }));
  return { engine: testEngine.engine, ref: testEngine.running('await-approval', { requestedBy: 'machine:generic' }) };
}

describe('an approval of what a person wrote', () => {
  it.each([
    ['by address', { email: 'ALICE@acme.example' }],
    ['by login', { login: 'Alice-Adams' }],
    ['by the private address of the host', { email: '99+alice-adams@users.noreply.github.com' }],
    ['by an address nobody has and a login', { email: 'a@home.example', login: 'alice-adams' }],
  ])('is refused to a person who is known %s, and given by another', async (_how, author) => {
    const { engine, ref } = await waiting([author]);
    expect(engine.deployment(ref.id)?.approval).toMatchObject({ fourEyes: true, writers: ['alice'] });
    expect(engine.approve(ref, alice)).toMatchObject({
      ok: false,
      refusal: {
        code: 'four-eyes',
        sentence: 'alice wrote a part of v2.1 and cannot approve it',
        hint: 'Ask bob, carol.',
      },
    });
    expect(codeOf(engine.promote(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('ok');
  });

  it('is refused to each of several, and a no is taken from all of them', async () => {
    const { engine, ref } = await waiting([{ email: 'alice@acme.example' }, { email: 'bob@acme.example' }]);
    expect([codeOf(engine.approve(ref, alice)), codeOf(engine.approve(ref, bob))]).toEqual(['four-eyes', 'four-eyes']);
    expect(codeOf(engine.reject(ref, alice, 'I forgot the prices'))).toBe('ok');
  });

  it('is given by the author where four eyes are not asked for', async () => {
    const { engine, ref } = await waiting([{ email: 'alice@acme.example' }], { fourEyes: false });
    expect(codeOf(engine.approve(ref, alice))).toBe('ok');
  });
});

describe('a person who reads a plan', () => {
  it('sees who cannot approve it, and who is not known', async () => {
    const { engine } = await waiting([{ email: 'alice@acme.example' }, { name: 'Zoe', email: 'zoe@home.example' }]);
    testEngine.ended('d_live');
    const plan = await engine.plan({ version: 'v2.1', actor: ci });
    expect(plan.ok && plan.value.warnings).toEqual(
      expect.arrayContaining([
        'written by alice, who cannot approve it',
        'written by Zoe <zoe@home.example>, who are not in people: four eyes cannot be checked for them',
      ]),
    );
    const other = await engine.plan({ version: 'v2.0', actor: ci });
    expect(other.ok && other.value.warnings.filter((warning) => warning.includes('written'))).toEqual([]);
  });
});
