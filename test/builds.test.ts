// Builds that a rule deploys, on a real stage: one after the other without a person, the latest last.

import type { Engine } from '@bg/engine';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventually, finished, type Stage, setStage, until } from './support/stage.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const target = `
        canary: []
        bake: 1s
    builds:
      - { host: generic, targets: { production: deploy } }
`;

let stage: Stage;
let engine: Engine;
beforeAll(async () => {
  stage = await setStage({ target });
  engine = stage.drive().engine;
});
afterAll(() => stage.strike());

async function announce(version: string, digit: number): Promise<void> {
  const build = { event: 'build', service: 'shop', version, commit: String(digit).repeat(40), branch: 'main' };
  const committedAt = `2024-05-04T08:0${digit}:00Z`;
  const ending = await stage
    .open('receiver')
    .builds.take({ hook: 'generic', kind: '', document: { ...build, committedAt } });
  if (typeof ending === 'function') ending();
}

const rows = (action: string) => engine.audit.after(0, 1000).filter((row) => row.action === action);
const deployed = (version: string) =>
  rows('deployment-requested').find(({ detail }) => detail.version === version)?.deploymentId ?? undefined;

it('the first is deployed, the second is overtaken by the third while it waits, and nothing older follows', async () => {
  await announce('v1.0', 1);
  await announce('v2.0', 2);
  await announce('v2.1', 3);
  const first = await until(engine, deployed('v1.0') ?? '', finished, 60_000);
  expect(first.outcome).toMatchObject({ kind: 'promoted' });
  await eventually(() => deployed('v2.1') !== undefined, 60_000);
  expect((await until(engine, deployed('v2.1') ?? '', finished, 60_000)).outcome).toMatchObject({ kind: 'promoted' });
  expect(rows('build-not-deployed')).toMatchObject([{ code: 'superseded', detail: { version: 'v2.0' } }]);
  await announce('v9', 2);
  const last = rows('build-announced').at(-1)?.detail;
  expect(last).toMatchObject({ reactions: [{ became: 'announced', code: 'older' }] });
  const answer = await fetch(`${stage.front}/health`, { signal: AbortSignal.timeout(10_000) });
  expect(await answer.json()).toMatchObject({ version: 'v2.1' });
  expect(rows('deployment-requested')).toHaveLength(2);
});
