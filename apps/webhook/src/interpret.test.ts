// Which delivery means what, on a real engine: orders are executed, and the rules decide on builds that CI reports.

import type { Delivered, Engine, Settlement } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stage, setStage } from '../../../test/support/stage.ts';
import { createInterpret } from './interpret.ts';
import { payload } from './testing/payloads.ts';

const target = `
        canary: []
    builds:
      - { host: github, repository: acme/shop, workflow: Release, version: "v{runNumber}" }
      - { host: generic }
`;

let stage: Stage;
let engine: Engine;
beforeAll(async () => {
  stage = await setStage({ target });
  engine = stage.open('look');
});
afterAll(() => stage.strike());

async function settled(hook: string, given: unknown): Promise<Settlement> {
  const body = Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given));
  const ending = await createInterpret(engine)({ hook, kind: '', body } as Delivered);
  return typeof ending === 'function' ? ending() : ending;
}

const build = { event: 'build', service: 'shop', version: 'v2.1' };

describe('a delivery', () => {
  it('of a code host is taken as a build, and no sender waits for an answer', async () => {
    expect(await settled('github', payload('github', 'workflow-run-success'))).toMatchObject({
      state: 'done',
      sentence: expect.stringMatching(/^announced shop v117 \(main of acme\/shop, 9c1f3d2 by Alice Adams\)/),
    });
    expect(engine.builds.ofVersion('shop', 'v117')).toMatchObject({ host: 'github', branch: 'main' });
  });

  it('of a code host that is no build is ignored, without a row of the audit log', async () => {
    const before = engine.audit.after(0, 1000).length;
    expect((await settled('github', payload('github', 'ping'))).state).toBe('ignored');
    expect((await settled('gitlab', payload('gitlab', 'pipeline-success'))).state).toBe('ignored');
    expect(engine.audit.after(0, 1000)).toHaveLength(before);
  });

  it('of the generic hook is a build when it says so, and its sender hears what became of it', async () => {
    expect((await settled('generic', build)).answer).toEqual({
      status: 202,
      body: { state: 'done', sentence: 'announced shop v2.1 as build 2' },
    });
    expect((await settled('generic', { ...build, commit: 'main' })).answer).toMatchObject({
      status: 409,
      body: { code: 'build-refused', sentence: expect.stringContaining('commit: expected a full commit id') },
    });
    expect((await settled('generic', { ...build, event: 'biuld' })).answer).toMatchObject({
      status: 409,
      body: { sentence: expect.stringContaining('"event" does not fit') },
    });
  });

  it('of the generic hook without an event is still an order', async () => {
    const order = { service: 'shop', version: 'v1.0', deploy: false };
    expect((await settled('generic', order)).answer).toMatchObject({ status: 200, body: { deployment: null } });
    expect((await settled('generic', { ...order, conclusion: 'success' })).answer).toMatchObject({ status: 400 });
  });
});
