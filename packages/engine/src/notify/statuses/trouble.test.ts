import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GithubSettings } from '../../config/statuses/statuses.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { auditAfter } from '../../state/audit.ts';
import { setState, type TestState } from '../../state/testing/state.ts';
import { githubFacts, githubKey } from './github-facts.ts';
import { type GithubServer, githubServer } from './testing/github-server.ts';
import type { Answer, Heard } from './testing/local-server.ts';
import {
  announce,
  commitOf,
  eventually,
  finish,
  leapingClock,
  request,
  type Scene,
  sceneOf,
  startNotifying,
} from './testing/scene.ts';

const token = 'ghs_0123456789abcdef';
const repositories = { 'acme/shop': ['v1', 'v2'].map(commitOf), 'acme/store': ['v1'].map(commitOf) };
const hourMs = 3_600_000;

const clock = leapingClock();
let state: TestState;
let github: GithubServer;
let scene: Scene;
let notifying: { readonly stop: () => Promise<void> } | undefined;
let children: ChildProcess[] = [];

const configFor = (api: string, repository = 'acme/shop') => ({
  github: { api, token, repositories: [{ service: 'shop', repository }] },
});

beforeEach(async () => {
  state = setState({ clock });
  github = await githubServer({ token, repositories });
  scene = sceneOf({ store: state.store, clock, config: configFor(github.origin) });
  for (const version of ['v1', 'v2']) announce(state.store, version);
});
afterEach(async () => {
  await notifying?.stop();
  notifying = undefined;
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await github.close();
  state.remove();
});

const start = () => {
  notifying = startNotifying(scene);
};
const statesOf = (index: number) => github.deployments[index]?.statuses.map(({ state: one }) => one);
const dropped = () => auditAfter(state.db, 0, 1_000).filter(({ action }) => action === 'status-dropped');
const isCreation = ({ method, url }: Heard) => method === 'POST' && url.pathname.endsWith('/deployments');
const allRead = () =>
  eventually(() => scene.engine.cursor('github') === auditAfter(state.db, 0, 1_000).at(-1)?.seq, 'all rows read');

describe('an outage of GitHub', () => {
  it('delays what is reported to it, and only the latest is reported then', async () => {
    github.disturb = () => ({ status: 503, body: 'x'.repeat(3 << 20) });
    start();
    const id = request(state.store, 'v1');
    await eventually(() => github.heard.length > 0, 'a try');
    finish(state.store, id, 'promoted', 'v1 is live');
    await allRead();
    github.disturb = undefined;
    clock.advance(hourMs);
    await eventually(() => statesOf(0)?.length === 1, 'the status');
    expect(statesOf(0)).toEqual(['success']);
    expect(github.deployments).toHaveLength(1);
  });

  it('of a whole day ends in one audit row for each deployment, and the next ones are reported', async () => {
    github.disturb = () => 'cut';
    start();
    finish(state.store, request(state.store, 'v1'), 'failed', 'v1 is unhealthy');
    await eventually(() => github.heard.length > 0, 'a try');
    await allRead();
    clock.advance(25 * hourMs);
    await eventually(() => dropped().length === 1, 'that it was given up');
    clock.advance(25 * hourMs);
    github.disturb = undefined;
    request(state.store, 'v2');
    await eventually(() => statesOf(0)?.length === 1, 'the status of v2');
    expect(github.deployments[0]?.ref).toBe(commitOf('v2'));
    expect(dropped()).toMatchObject([
      {
        service: 'shop',
        target: 'production',
        code: 'github',
        sentence: expect.stringMatching(/^GitHub was not notified that v1 is failure at shop\/production: /),
      },
    ]);
    expect(JSON.stringify(dropped())).not.toContain(token);
  });

  it('delays no deployment and no other receiver', async () => {
    const events = await githubServer({ token, repositories: {} });
    events.disturb = () => ({ status: 202 });
    github.disturb = () => 'never';
    const sinks = [{ name: 'tracker', url: `${events.origin}/in` }];
    scene = sceneOf({
      store: state.store,
      clock,
      config: { ...configFor(github.origin), cdevents: { sinks } },
    });
    start();
    const id = request(state.store, 'v1');
    await eventually(() => github.heard.length === 1, 'the request that hangs');
    finish(state.store, id, 'promoted', 'v1 is live');
    await eventually(() => events.heard.length === 2, 'both events');
    expect(github.heard).toHaveLength(1);
    await events.close();
  });
});

describe('a rate limit', () => {
  const limits: readonly (readonly [string, () => Answer])[] = [
    ['429 with retry-after', () => ({ status: 429, headers: { 'retry-after': '600' } })],
    [
      '403 with x-ratelimit-reset',
      () => ({
        status: 403,
        headers: {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.ceil(clock.now() / 1_000) + 600),
        },
        body: { message: 'API rate limit exceeded' },
      }),
    ],
  ];

  it.each(limits)('said as %s applies to everything that waits', async (_what, answer) => {
    github.disturb = answer;
    start();
    finish(state.store, request(state.store, 'v1'), 'failed', 'v1 is unhealthy');
    request(state.store, 'v2');
    await eventually(() => github.heard.length === 1, 'a try');
    await allRead();
    clock.advance(590_000);
    await clock.sleep(200);
    expect(github.heard).toHaveLength(1);
    github.disturb = undefined;
    clock.advance(20_000);
    await eventually(() => statesOf(0)?.length === 1 && statesOf(1)?.length === 1, 'both statuses');
  });

  it('without an end is waited for an hour at most', async () => {
    github.disturb = () => ({ status: 429, headers: { 'retry-after': '99999999' } });
    start();
    request(state.store, 'v1');
    await eventually(() => github.heard.length === 1, 'a try');
    github.disturb = undefined;
    clock.advance(hourMs + 1_000);
    await eventually(() => statesOf(0)?.length === 1, 'the status');
  });
});

describe('what GitHub refuses', () => {
  it('is given up at once, once, with its reason', async () => {
    announce(state.store, 'v9');
    start();
    finish(state.store, request(state.store, 'v9'), 'failed', 'v9 is unhealthy');
    await eventually(() => dropped().length > 0, 'that it was given up');
    request(state.store, 'v1');
    await eventually(() => statesOf(0)?.length === 1, 'the status of v1');
    expect(
      dropped()
        .map(({ sentence }) => sentence)
        .join('\n'),
    ).toContain(`GitHub (acme/shop) answered 422: No ref found for: ${commitOf('v9')}`);
    expect(github.heard.filter(isCreation).length).toBeLessThanOrEqual(3);
  });

  it('that the configuration names another repository: what waited goes there', async () => {
    github.disturb = () => ({ status: 404, body: { message: 'Not Found' } });
    start();
    request(state.store, 'v1');
    await eventually(() => github.heard.length > 0, 'a try');
    await notifying?.stop();
    github.disturb = undefined;
    scene = sceneOf({ store: state.store, clock, config: configFor(github.origin, 'acme/store') });
    const before = github.heard.length;
    start();
    clock.advance(hourMs);
    await eventually(() => statesOf(0)?.length === 1, 'the status');
    expect(github.heard.slice(before).every(({ url }) => url.pathname.startsWith('/repos/acme/store/'))).toBe(true);
  });
});

describe('nothing is there twice', () => {
  it('when the answer to a creation, and then to a status, is lost', async () => {
    const lost = new Set<string>();
    github.lose = ({ method, url }) => {
      if (method !== 'POST' || lost.has(url.pathname)) return undefined;
      lost.add(url.pathname);
      return 'cut';
    };
    start();
    request(state.store, 'v1');
    await eventually(() => lost.size >= 1 && github.deployments.length === 1, 'a creation');
    for (let round = 0; round < 20 && scene.engine.outbox.waiting('github') > 0; round += 1) {
      clock.advance(hourMs / 2);
      await clock.sleep(100);
    }
    expect(scene.engine.outbox.waiting('github')).toBe(0);
    expect(github.deployments).toHaveLength(1);
    expect(lost.size).toBe(2);
    expect(statesOf(0)).toEqual(['in_progress']);
    expect(github.heard.filter(isCreation)).toHaveLength(1);
  });

  it('when all rows are reported once more', async () => {
    start();
    finish(state.store, request(state.store, 'v1'), 'promoted', 'v1 is live');
    await eventually(() => statesOf(0)?.at(-1) === 'success', 'v1');
    finish(state.store, request(state.store, 'v2', 'v1'), 'promoted', 'v2 is live');
    await eventually(() => statesOf(0)?.at(-1) === 'inactive' && statesOf(1)?.at(-1) === 'success', 'the end');
    const before = github.deployments.map(({ id, statuses }) => [id, statuses.length]);
    await notifying?.stop();
    scene.engine.moveCursor('github', 0);
    start();
    await allRead();
    await eventually(() => scene.engine.outbox.waiting('github') === 0, 'an empty outbox');
    // As only the first row would have it, when it is taken while the others are not.
    const [asked] = auditAfter(state.db, 0, 1_000).filter(({ action }) => action === 'deployment-requested');
    const settings = scene.engine.settings.statuses.github as GithubSettings;
    for (const payload of githubFacts(state.db, settings, asked as AuditRow))
      scene.engine.outbox.put({ key: githubKey(payload.deploymentId), transport: 'github', kind: 'github', payload });
    await eventually(() => scene.engine.outbox.waiting('github') === 0, 'an empty outbox');
    expect(github.deployments.map(({ id, statuses }) => [id, statuses.length])).toEqual(before);
  });

  it.each(['/deployments', '/statuses'])(
    'when the process is killed after it posted %s and before it wrote that down',
    async (end) => {
      const killed = new Promise<void>((done) => {
        github.lose = ({ method, url }) => {
          if (method !== 'POST' || !url.pathname.endsWith(end)) return undefined;
          github.lose = undefined;
          const child = children.at(-1);
          child?.once('exit', () => done());
          child?.kill('SIGKILL');
          return 'never';
        };
      });
      request(state.store, 'v1');
      await tellInProcess();
      await killed;
      expect(github.deployments).toHaveLength(1);
      expect(scene.engine.outbox.waiting('github')).toBe(1);
      await tellInProcess();
      await eventually(() => scene.engine.outbox.waiting('github') === 0, 'an empty outbox', 30_000);
      expect(github.deployments).toHaveLength(1);
      expect(statesOf(0)).toEqual(['in_progress']);
      expect(github.heard.filter(isCreation)).toHaveLength(1);
    },
    60_000,
  );
});

async function tellInProcess(): Promise<void> {
  const main = resolve(import.meta.dirname, 'testing/notify-process.ts');
  const child = spawn(process.execPath, [main, state.folder, JSON.stringify(configFor(github.origin))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
}
