import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditAfter } from '../../state/audit.ts';
import { addRelease } from '../../state/targets.ts';
import { movableClock, setState, shop, type TestState } from '../../state/testing/state.ts';
import { githubKey } from './github-facts.ts';
import { type GithubOptions, type GithubServer, githubServer } from './testing/github-server.ts';
import {
  announce,
  commitOf,
  eventually,
  finish,
  request,
  type Scene,
  sceneOf,
  startNotifying,
} from './testing/scene.ts';

const token = 'ghs_0123456789abcdef';
const options: GithubOptions = {
  token,
  repositories: { 'acme/shop': ['v1', 'v2', 'v3'].map(commitOf) },
};

const clock = movableClock();
let state: TestState;
let github: GithubServer;
let scene: Scene;
let notifying: { readonly stop: () => Promise<void> } | undefined;

beforeEach(async () => {
  state = setState({ clock });
  github = await githubServer(options);
  scene = sceneOf({ store: state.store, clock, config: configFor(github.origin) });
});
afterEach(async () => {
  await notifying?.stop();
  notifying = undefined;
  await github.close();
  state.remove();
});

const configFor = (api: string, repository = 'acme/shop') => ({
  github: {
    api,
    token,
    repositories: [
      { service: 'shop', repository, environments: [{ target: 'production', url: 'https://shop.example.com' }] },
    ],
  },
});

const start = () => {
  notifying = startNotifying(scene);
};
const statesOf = (index: number) => github.deployments[index]?.statuses.map(({ state: one }) => one);
const rows = () => auditAfter(state.db, 0, 1_000);
const settled = () => eventually(() => scene.engine.outbox.waiting('github') === 0, 'an empty outbox');

async function deploy(version: string, from: string | null = null): Promise<string> {
  const id = request(state.store, version, from);
  await eventually(() => github.deployments.some(({ payload }) => isOf(payload, id)), `${version} at GitHub`);
  await settled();
  return id;
}
const isOf = (payload: unknown, id: string) => (payload as { bluegreen?: string }).bluegreen === id;

describe('a deployment of a build of GitHub', () => {
  it('is there once, in progress and then a success, with its links', async () => {
    announce(state.store, 'v1');
    start();
    const id = await deploy('v1');
    expect(statesOf(0)).toEqual(['in_progress']);
    scene.engine.outbox.put({ key: `card:${id}`, transport: 'slack', kind: 'card', payload: {} });
    scene.engine.outbox.sent(`card:${id}`, 1, { channel: 'C0DEPLOYS', ts: '1700000000.000100' });
    finish(state.store, id, 'promoted', 'v1 is live');
    await eventually(() => statesOf(0)?.length === 2, 'a second status');
    expect(github.deployments).toEqual([
      {
        id: 4_000_000_000,
        ref: commitOf('v1'),
        environment: 'shop/production',
        payload: { bluegreen: id },
        description: 'v1 is on its way to shop/production',
        production_environment: true,
        statuses: [
          expect.objectContaining({ state: 'in_progress' }),
          {
            state: 'success',
            description: 'v1 is live',
            log_url: 'https://acme.slack.com/archives/C0DEPLOYS/p1700000000000100',
            environment_url: 'https://shop.example.com',
          },
        ],
      },
    ]);
    expect(scene.engine.outbox.reference(githubKey(id))).toMatchObject({ repository: 'acme/shop', id: 4_000_000_000 });
  });

  it('ends the one before it, and is ended by a rollback, which is a separate deployment', async () => {
    for (const version of ['v1', 'v2']) announce(state.store, version);
    start();
    finish(state.store, await deploy('v1'), 'promoted', 'v1 is live');
    finish(state.store, await deploy('v2', 'v1'), 'promoted', 'v2 is live');
    await eventually(() => statesOf(0)?.at(-1) === 'inactive', 'v1 inactive');
    const back = request(state.store, 'v1', 'v2', 'rollback');
    finish(state.store, back, 'promoted', 'alice rolled back');
    await eventually(() => statesOf(1)?.at(-1) === 'inactive' && statesOf(2)?.at(-1) === 'success', 'v1 again');
    expect(statesOf(0)).toEqual(['in_progress', 'success', 'inactive']);
    expect(github.deployments[1]?.statuses.at(-1)?.description).toBe('v1 took its place');
    expect(github.deployments).toHaveLength(3);
  });

  it.each([
    ['rolled-back', 'failure'],
    ['failed', 'failure'],
    ['aborted', 'inactive'],
    ['cancelled', 'inactive'],
    ['superseded', 'inactive'],
    ['halted', 'error'],
  ] as const)('that ended %s is shown as %s, in 140 characters', async (outcome, shown) => {
    announce(state.store, 'v1');
    start();
    const id = await deploy('v1');
    finish(state.store, id, outcome, `health\ncheck ${'🛑 failed '.repeat(40)}`);
    await eventually(() => statesOf(0)?.at(-1) === shown, shown);
    const description = github.deployments[0]?.statuses.at(-1)?.description ?? '';
    expect(description.length).toBeLessThanOrEqual(140);
    expect(description).toMatch(/^health check 🛑 failed .*…$/u);
    expect(description.isWellFormed()).toBe(true);
  });

  it('is known by release.json where no build was announced', async () => {
    start();
    const id = request(state.store, 'v2');
    await eventually(() => scene.engine.cursor('github') === rows().at(-1)?.seq, 'all rows read');
    expect(github.heard).toEqual([]);
    const detail = { digest: 'a'.repeat(64), planHash: 'h', steps: [], schema: [], evidence: undefined };
    state.store.write((tx) => {
      addRelease(tx, {
        service: 'shop',
        version: 'v2',
        digest: 'a'.repeat(64),
        folder: '/releases/v2',
        origin: { commit: commitOf('v2') },
        registeredAt: tx.now,
      });
      tx.audit({ ...shop, actor: 'engine', action: 'planned', deploymentId: id, sentence: 'v2: 5 steps', detail });
    });
    await eventually(() => statesOf(0)?.length === 1, 'the status');
    expect(github.deployments[0]?.ref).toBe(commitOf('v2'));
  });

  it('is not reported where its commit is not known', async () => {
    start();
    finish(state.store, request(state.store, 'v3'), 'promoted', 'v3 is live');
    await eventually(() => scene.engine.cursor('github') === rows().at(-1)?.seq, 'all rows read');
    await settled();
    expect(github.heard).toEqual([]);
  });
});

describe('the token', () => {
  it('goes only to the configured repository, whatever a delivery says', async () => {
    announce(state.store, 'v1', { repository: 'evil/shop' });
    announce(state.store, 'v2', { repository: '../../evil' });
    announce(state.store, 'v3', { repository: 'ACME/Shop' });
    start();
    for (const version of ['v1', 'v2']) finish(state.store, request(state.store, version), 'failed', 'unhealthy');
    request(state.store, 'v3');
    await eventually(() => github.deployments.length === 1, 'v3 at GitHub');
    await settled();
    expect(github.deployments[0]?.ref).toBe(commitOf('v3'));
    expect(new Set(github.heard.map(({ url }) => url.pathname.split('/').slice(0, 4).join('/')))).toEqual(
      new Set(['/repos/acme/shop']),
    );
  });

  it('that is refused is reported without it, tried again slowly, and works once it is fixed', async () => {
    announce(state.store, 'v1');
    github.disturb = () => ({ status: 401, body: { message: `Bad credentials ${token}` } });
    start();
    request(state.store, 'v1');
    await eventually(() => github.heard.length === 1, 'a try');
    await eventually(() => problemOf() !== null, 'its problem');
    expect(problemOf()).toBe('GitHub (acme/shop) answered 401: Bad credentials [secret]: look at the token');
    github.disturb = undefined;
    clock.advance(15 * 60_000 * 1.3);
    await eventually(() => statesOf(0)?.length === 1, 'the status');
  });
});

const problemOf = () =>
  (state.db.$client.prepare('SELECT problem FROM outbox').pluck().get() as string | null | undefined) ?? null;
