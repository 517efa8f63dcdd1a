// A build that a rule deploys while its target is busy: it waits, and its waiting has an end.

import { afterEach, describe, expect, it } from 'vitest';
import { digestOf, type TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { addQuarantine } from '../state/targets.ts';
import { actionsReported, buildBody, deliver, deployToProduction, reactionOf, reported, setCi } from './testing/ci.ts';
import { endLive, look } from './testing/look.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

/** v2.0 waits for the deployment of v2.1. */
async function waiting() {
  testEngine = setCi(deployToProduction);
  testEngine.serving();
  testEngine.running('watch');
  await deliver(testEngine.engine, buildBody('v2.0', 2));
  expect(reactionOf(testEngine.engine, 'production')).toMatchObject({ became: 'waiting', code: 'target-busy' });
  return testEngine;
}

const lastReported = () => reported(testEngine.engine).at(-1);

describe('a build that waits', () => {
  it('is deployed once the target is free, once', async () => {
    const { engine } = await waiting();
    look(testEngine);
    expect(actionsReported(engine)).toEqual(['build-announced']);
    endLive(testEngine, 'engine', 'failed');
    look(testEngine);
    look(testEngine);
    expect(actionsReported(engine)).toEqual(['build-announced', 'deployment-requested']);
    expect(lastReported()).toMatchObject({
      actor: 'machine:generic',
      target: 'production',
      detail: { version: 'v2.0', build: 1 },
    });
  });

  it('gives way to a newer one, and stays where a newer one cannot be deployed at all', async () => {
    const { engine } = await waiting();
    await deliver(engine, buildBody('v9.9', 3));
    await deliver(engine, buildBody('v2.1', 4));
    expect(actionsReported(engine)).toEqual([...Array(3).fill('build-announced'), 'build-not-deployed']);
    expect(lastReported()).toMatchObject({ code: 'superseded', detail: { build: 1, version: 'v2.0' } });
    endLive(testEngine, 'engine', 'failed');
    look(testEngine);
    expect(lastReported()).toMatchObject({ action: 'deployment-requested', detail: { version: 'v2.1', build: 3 } });
  });

  it('is given up when the target stays busy', async () => {
    const { clock, engine } = await waiting();
    clock.advance(2 * 3_600_000 + 1);
    look(testEngine);
    look(testEngine);
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-not-deployed']);
    expect(lastReported()).toMatchObject({
      code: 'target-busy',
      service: 'shop',
      target: 'production',
      detail: { build: 1, version: 'v2.0' },
    });
  });

  it('is given up when a person ended what it waited for: no machine overtakes a person who steps back', async () => {
    const { engine } = await waiting();
    testEngine.clock.advance(1000);
    endLive(testEngine, 'person:bob', 'aborted');
    look(testEngine);
    expect(actionsReported(engine)).toEqual(['build-announced', 'build-not-deployed']);
    expect(lastReported()).toMatchObject({ code: 'decided-meanwhile', sentence: expect.stringContaining('bob ended') });
  });

  it('is given up when a gate refuses it meanwhile', async () => {
    const { engine, store } = await waiting();
    store.write((tx) => {
      addQuarantine(tx, {
        digest: digestOf('v2.0'),
        service: 'shop',
        version: 'v2.0',
        reason: 'wrong prices',
        by: 'person:bob',
        at: tx.now,
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    endLive(testEngine, 'engine', 'promoted');
    look(testEngine);
    expect(lastReported()).toMatchObject({
      action: 'build-not-deployed',
      code: 'quarantined',
      sentence: expect.stringContaining('wrong prices'),
    });
    expect(engine.history({}, 10)).toMatchObject({ ok: true });
  });
});
