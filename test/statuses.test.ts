// What other programs hear of real deployments: GitHub and a receiver of events; the controller waits for neither.

import { type Engine, openEngine, silentLog } from '@bg/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { wrongWith } from '../packages/engine/src/notify/statuses/testing/cdevents-shape.ts';
import { type GithubServer, githubServer } from '../packages/engine/src/notify/statuses/testing/github-server.ts';
import { type LocalServer, localServer } from '../packages/engine/src/notify/statuses/testing/local-server.ts';
import { eventually } from '../packages/engine/src/notify/statuses/testing/scene.ts';
import { commitOf } from '../tools/sample-shop/build-releases.ts';
import { alice, bob, finished, type Stage, setStage, until, value } from './support/stage.ts';

const everybodyAtOnce = `
        canary: []
        bake: 1s
`;
const token = 'ghs_0123456789abcdef';
let stage: Stage | undefined;
let github: GithubServer;
let tracker: LocalServer;
let endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings) await end();
  endings = [];
  await stage?.strike();
  await github?.close();
  await tracker?.close();
});

/** As another process, in addition to the controller. */
function tell({ settings }: Stage): Engine {
  const repositories = [{ service: 'shop', repository: 'acme/shop', environments: [] }];
  const sinks = [{ name: 'tracker', url: tracker.origin, token: undefined, secret: undefined }];
  const statuses = {
    github: { api: github.origin, token: { value: token }, repositories },
    cdevents: { source: '/bluegreen', sinks },
  };
  const engine = openEngine({ settings: { ...settings, statuses }, log: silentLog, processName: 'notifier' });
  const over = new AbortController();
  const notifying = engine.notify(over.signal);
  endings.push(async () => {
    over.abort();
    await notifying;
    engine.close();
  });
  return engine;
}

describe('a release, the next one and the way back', () => {
  it('are deployments on GitHub, with one success at the end, and events for all other receivers', async () => {
    stage = await setStage({ target: everybodyAtOnce });
    github = await githubServer({ token, repositories: { 'acme/shop': ['v1.0', 'v2.1'].map(commitOf) } });
    tracker = await localServer(() => ({ status: 204 }));
    const notifier = tell(stage);
    const { engine } = stage.drive();
    for (const version of ['v1.0', 'v2.1'])
      await until(engine, value(engine.deploy({ version, actor: alice })).id, finished);
    await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);

    await eventually(() => github.deployments[2]?.statuses.at(-1)?.state === 'success', 'the rollback at GitHub');
    await eventually(() => github.deployments[1]?.statuses.at(-1)?.state === 'inactive', 'the end of v2.1');
    expect(github.deployments.map(({ ref }) => ref)).toEqual(['v1.0', 'v2.1', 'v1.0'].map(commitOf));
    expect(github.deployments.map(({ statuses }) => statuses.map(({ state }) => state))).toEqual([
      ['in_progress', 'success', 'inactive'],
      ['in_progress', 'success', 'inactive'],
      expect.arrayContaining(['success']),
    ]);

    await eventually(() => tracker.heard.length === 6, 'six events');
    const events = tracker.heard.map(({ body }) => JSON.parse(body));
    expect(events.flatMap(wrongWith)).toEqual([]);
    expect(events.map(({ context }) => context.type.split('.').slice(2, 4).join('.'))).toEqual([
      ...['service.deployed', 'pipelinerun.finished'],
      ...['service.upgraded', 'pipelinerun.finished'],
      ...['service.rolledback', 'pipelinerun.finished'],
    ]);
    const locked = notifier.lock({ actor: alice, reason: `not ${token}` });
    expect(locked.ok).toBe(true);
    const row = notifier.audit.after(0, 1_000).find(({ action }) => action === 'locked');
    expect(row?.sentence).toContain('not [secret]');
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });
});
