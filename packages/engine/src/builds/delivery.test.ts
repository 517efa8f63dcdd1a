// A delivery as a whole: which service it is for, what is said when it is for none, and what a test run of it shows.

import { afterEach, describe, expect, it } from 'vitest';
import { ci, type TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { announceAll, buildBody, deliver, deployToProduction, reported, setCi } from './testing/ci.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const set = (rules = announceAll): TestEngine => {
  testEngine = setCi(rules);
  testEngine.serving();
  return testEngine;
};

describe('a delivery', () => {
  it('for a service that is not configured is parked, since it was meant for a service', async () => {
    const { engine } = set(deployToProduction);
    expect(await deliver(engine, buildBody('v2.1', 1, { service: 'shopp' }))).toEqual({
      state: 'parked',
      sentence: 'there is no service "shopp" in this configuration',
    });
  });

  it('that no rule takes is ignored, and why is said', async () => {
    const { engine } = set('      - { host: generic, branch: main }\n');
    expect(await deliver(engine, buildBody('v2.1', 1, { branch: 'feature' }))).toEqual({
      state: 'ignored',
      sentence: 'no rule takes this build; nearest is services.shop.builds[0]: branch is feature, expected main',
    });
    expect(await deliver(engine, { action: 'opened' }, 'github')).toEqual({
      state: 'ignored',
      sentence: 'this is no build',
    });
    expect(reported(engine)).toEqual([]);
  });

  it('is shown by bg hook test as it would be taken, without a trace', async () => {
    const { engine, store } = set(deployToProduction);
    const body = Buffer.from(JSON.stringify(buildBody('v2.1', 1)));
    const changes = () =>
      store.db.$client
        .prepare(
          'SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM builds) + (SELECT count(*) FROM deployments)',
        )
        .pluck()
        .get();
    const before = changes();
    const [rule] = engine.builds.explain({ hook: 'generic', body }).rules;
    expect(rule).toMatchObject({
      takes: true,
      build: { version: 'v2.1' },
      sentence: expect.stringContaining('announced shop v2.1'),
    });
    expect(rule?.reactions[0]).toMatchObject({ became: 'deploying', deployment: undefined });
    expect(changes()).toBe(before);
    expect(engine.deploy({ version: 'v2.1', actor: ci }).ok).toBe(true);
    const [busy] = engine.builds.explain({ hook: 'generic', body }).rules;
    expect(busy?.reactions[0]).toMatchObject({ became: 'waiting', code: 'target-busy' });
  });
});
