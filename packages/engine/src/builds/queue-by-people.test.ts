// What people do about a build that waits for its turn: take it out, or put it first.

import { afterEach, describe, expect, it } from 'vitest';
import type { WaitingView } from '../api/waiting.ts';
import { alice, bob, ci, codeOf, eve, type TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { buildBody, deliver, deployToProduction, reported, setCi } from './testing/ci.ts';
import { endLive, look } from './testing/look.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

/** Build 1, v2.0, waits for the deployment of v2.1 to production. */
async function waiting(rule = deployToProduction) {
  testEngine = setCi(rule);
  testEngine.serving();
  testEngine.running('watch');
  await deliver(testEngine.engine, buildBody('v2.0', 2));
  return testEngine.engine;
}

const queue = (target = 'production'): readonly WaitingView[] => {
  const found = testEngine.engine.waiting({ target });
  return found.ok ? found.value.now : [];
};
const refusals = () => testEngine.engine.audit.after(0, 1_000).filter(({ action }) => action === 'refused');
const last = () => reported(testEngine.engine).at(-1);

describe('a build that waits', () => {
  it.each(['build 1', 'build-1', 'build-1@shop/production', 'build-1@shop'])(
    'is cancelled as %s, once, with the reason',
    async (id) => {
      const engine = await waiting();
      expect(engine.cancelWaiting(id, bob, 'prices are wrong')).toMatchObject({
        ok: true,
        value: { version: 'v2.0', status: 'cancelled', problem: 'prices are wrong', build: 1 },
      });
      expect(queue()).toEqual([]);
      expect(last()).toMatchObject({
        actor: 'person:bob',
        action: 'build-not-deployed',
        code: 'cancelled',
        sentence: 'v2.0 is not deployed to production: bob cancels it: prices are wrong',
        detail: { build: 1, version: 'v2.0' },
      });
      expect(codeOf(engine.cancelWaiting(id, bob))).toBe('no-such-request');
      expect(refusals()).toMatchObject([{ actor: 'person:bob', code: 'no-such-request' }]);
      endLive(testEngine, 'engine', 'failed');
      look(testEngine);
      expect(last()?.action).toBe('build-not-deployed');
      expect(engine.audit.verify()).toMatchObject({ intact: true });
    },
  );

  it('is put first with a reason, as a request of who does it, before the requests of others', async () => {
    const engine = await waiting();
    expect(engine.request({ version: 'v1.0', redeploy: true, actor: alice })).toMatchObject({ ok: true });
    expect(queue().map(({ version }) => version)).toEqual(['v1.0', 'v2.0']);
    expect(codeOf(engine.putFirst('build-1', bob, ' '))).toBe('reason-missing');
    expect(refusals()).toMatchObject([{ actor: 'person:bob', code: 'reason-missing' }]);
    expect(engine.putFirst('build-1', bob, 'fixes the outage')).toMatchObject({
      ok: true,
      value: { version: 'v2.0', place: 1, requestedBy: 'person:bob', firstBecause: 'fixes the outage' },
    });
    expect(queue().map(({ version, build }) => [version, build])).toEqual([
      ['v2.0', undefined],
      ['v1.0', undefined],
    ]);
    expect(last()).toMatchObject({ action: 'build-not-deployed', code: 'cancelled', actor: 'person:bob' });
    expect(codeOf(engine.putFirst('build-1', bob, 'again'))).toBe('no-such-request');
  });

  it.each(['deployment-queued', 'build-not-deployed'])(
    'is in the queue once, as before, where putting it first ends at the row %s',
    async (action) => {
      const engine = await waiting();
      const { $client: client } = testEngine.store.db;
      client.exec(
        `CREATE TRIGGER dies BEFORE INSERT ON audit WHEN NEW.action = '${action}' BEGIN SELECT RAISE(ABORT, 'killed'); END`,
      );
      expect(() => engine.putFirst('build-1', bob, 'fixes the outage')).toThrow();
      client.exec('DROP TRIGGER dies');
      expect(queue().map(({ version, build }) => [version, build])).toEqual([['v2.0', 1]]);
      expect(engine.putFirst('build-1', bob, 'fixes the outage')).toMatchObject({ ok: true, value: { place: 1 } });
      expect(queue().map(({ version, build }) => [version, build])).toEqual([['v2.0', undefined]]);
      expect(engine.audit.verify()).toMatchObject({ intact: true });
    },
  );

  it('is left alone by who may not act, each refusal with its row', async () => {
    const engine = await waiting();
    expect(codeOf(engine.cancelWaiting('build-1', eve))).toBe('not-in-team');
    expect(codeOf(engine.putFirst('build-1', eve, 'now'))).toBe('not-in-team');
    expect(codeOf(engine.cancelWaiting('build-9', ci))).toBe('no-such-request');
    expect(refusals()).toMatchObject([{ actor: 'machine:ci', code: 'no-such-request' }]);
    expect(queue()).toMatchObject([{ build: 1 }]);
  });

  it('of several targets is named with one of them', async () => {
    testEngine = setCi('      - { host: generic, targets: { production: deploy, staging: deploy } }\n');
    const { engine } = testEngine;
    testEngine.serving();
    testEngine.running('watch');
    expect(codeOf(engine.deploy({ target: 'staging', version: 'v1.0', actor: alice }))).toBe('ok');
    await deliver(engine, buildBody('v2.0', 2));
    expect([queue(), queue('staging')]).toMatchObject([[{ build: 1 }], [{ build: 1 }]]);
    expect(engine.cancelWaiting('build-1', bob)).toMatchObject({
      ok: false,
      refusal: { code: 'target-unknown', hint: expect.stringContaining('build-1@shop/staging') },
    });
    expect(codeOf(engine.cancelWaiting('build-1@shop/staging', bob))).toBe('ok');
    expect([queue().length, queue('staging').length]).toEqual([1, 0]);
    expect(codeOf(engine.cancelWaiting('build-1', bob))).toBe('ok');
    expect(queue()).toEqual([]);
  });
});
