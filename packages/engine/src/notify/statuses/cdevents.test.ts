import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mode, OutcomeKind } from '../../domain/deployment.ts';
import { auditAfter } from '../../state/audit.ts';
import { setState, type TestState } from '../../state/testing/state.ts';
import type { CdEvent } from './cdevents-facts.ts';
import { purlOf } from './purl.ts';
import { wrongWith } from './testing/cdevents-shape.ts';
import { type Answer, type Heard, type LocalServer, localServer } from './testing/local-server.ts';
import {
  announce,
  eventually,
  finish,
  leapingClock,
  request,
  type Scene,
  sceneOf,
  startNotifying,
} from './testing/scene.ts';

const key = Buffer.alloc(24, 7);
const secret = `whsec_${key.toString('base64')}`;
const token = 'bearer-0123456789';
const sha256 = 'c'.repeat(64);
const hourMs = 3_600_000;

const clock = leapingClock();
let state: TestState;
let tracker: LocalServer;
let other: LocalServer;
let answer: (heard: Heard) => Answer;
let scene: Scene;
let notifying: { readonly stop: () => Promise<void> } | undefined;

beforeEach(async () => {
  state = setState({ clock });
  answer = () => ({ status: 202 });
  tracker = await localServer((heard) => answer(heard));
  other = await localServer(() => ({ status: 200 }));
  const sinks = [
    { name: 'tracker', url: `${tracker.origin}/in?key=hidden`, token, secret },
    { name: 'other', url: `${other.origin}/` },
  ];
  scene = sceneOf({ store: state.store, clock, config: { cdevents: { source: '/bluegreen/shop', sinks } } });
});
afterEach(async () => {
  await notifying?.stop();
  notifying = undefined;
  await tracker.close();
  await other.close();
  state.remove();
});

const start = () => {
  notifying = startNotifying(scene);
};
const eventsAt = (server: LocalServer) => server.heard.map(({ body }) => JSON.parse(body) as CdEvent);
const typesAt = (server: LocalServer) =>
  eventsAt(server).map(({ context }) => context.type.replace(/^dev\.cdevents\.(.*)\.0\.3\.0$/, '$1'));
const dropped = () => auditAfter(state.db, 0, 1_000).filter(({ action }) => action === 'status-dropped');
function deployed(version: string, from: string | null, outcome: OutcomeKind, mode: Mode = 'deploy'): void {
  finish(state.store, request(state.store, version, from, mode), outcome, `${version} ${outcome}`);
}

describe('events', () => {
  it('say what users have now and how each deployment ended, as the published schemas have it', async () => {
    announce(state.store, 'v1', { artifact: { kind: 'url', url: 'https://user:pw@a.example.com/v1.tgz', sha256 } });
    start();
    deployed('v1', null, 'promoted');
    deployed('v2', 'v1', 'promoted');
    deployed('v3', 'v2', 'failed');
    deployed('v3', 'v2', 'rolled-back');
    deployed('v1', 'v2', 'promoted', 'rollback');
    deployed('v4', 'v1', 'aborted');
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'dismantled', sentence: 'stops every side' }));
    await eventually(() => tracker.heard.length === 11, 'eleven events');
    const run = 'pipelinerun.finished';
    expect(typesAt(tracker)).toEqual([
      ...['service.deployed', run],
      ...['service.upgraded', run],
      run,
      ...['service.rolledback', run],
      ...['service.rolledback', run],
      run,
      'service.removed',
    ]);
    expect(eventsAt(tracker).flatMap(wrongWith)).toEqual([]);
    const outcomes = eventsAt(tracker).flatMap(({ subject }) => subject.content.outcome ?? []);
    expect(outcomes).toEqual(['success', 'success', 'failure', 'failure', 'success', 'cancel']);
    const artifacts = eventsAt(tracker).flatMap(({ subject }) => subject.content.artifactId ?? []);
    expect(artifacts).toEqual([
      `pkg:generic/shop@v1?checksum=sha256:${sha256}`,
      'pkg:generic/shop@v2',
      'pkg:generic/shop@v2',
      `pkg:generic/shop@v1?checksum=sha256:${sha256}`,
    ]);
    expect(new Set(eventsAt(tracker).map(({ context }) => context.id)).size).toBe(11);
    expect(new Set(eventsAt(tracker).flatMap(({ context }) => context.chainId ?? [])).size).toBe(6);
  });

  it('are CloudEvents in binary mode, with a token and a signature that others can check', async () => {
    start();
    deployed('v1', null, 'promoted');
    await eventually(() => tracker.heard.length === 2 && other.heard.length === 2, 'two events each');
    for (const { method, headers, body } of tracker.heard) {
      const { context, subject } = JSON.parse(body) as CdEvent;
      expect(method).toBe('POST');
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'ce-specversion': '1.0',
        'ce-id': context.id,
        'ce-source': '/bluegreen/shop',
        'ce-type': context.type,
        'ce-subject': subject.id,
        'ce-time': context.timestamp,
        authorization: `Bearer ${token}`,
        'webhook-id': context.id,
      });
      const at = headers['webhook-timestamp'];
      const expected = createHmac('sha256', key).update(`${context.id}.${at}.${body}`).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      expect(Math.abs(Number(at) * 1_000 - clock.now())).toBeLessThan(60_000);
    }
    expect(other.heard[0]?.headers).not.toHaveProperty('authorization');
    expect(other.heard[0]?.headers).not.toHaveProperty('webhook-signature');
  });
});

describe('a receiver', () => {
  it('that is down gets everything later, under the same ids, and no other receiver waits', async () => {
    answer = () => 'cut';
    start();
    deployed('v1', null, 'promoted');
    await eventually(() => other.heard.length === 2, 'the other one');
    await eventually(() => tracker.heard.length > 0, 'a try');
    const tried = tracker.heard[0]?.headers['ce-id'];
    answer = () => ({ status: 202 });
    const before = tracker.heard.length;
    clock.advance(hourMs);
    await eventually(() => tracker.heard.length === before + 2, 'both events');
    expect(typesAt(tracker).slice(before)).toEqual(typesAt(other));
    expect(tracker.heard[before]?.headers['ce-id']).toBe(tried);
    expect(other.heard).toHaveLength(2);
  });

  it('that asks for time gets it', async () => {
    answer = () => ({ status: 503, headers: { 'retry-after': '120' } });
    start();
    deployed('v1', null, 'promoted');
    await eventually(() => tracker.heard.length === 1, 'a try');
    clock.advance(110_000);
    await clock.sleep(200);
    expect(tracker.heard).toHaveLength(1);
    answer = () => ({ status: 202 });
    clock.advance(20_000);
    await eventually(() => tracker.heard.length === 3, 'both events');
  });

  it('that refuses an event is not asked again; that is written once, without a secret', async () => {
    answer = ({ headers }) =>
      headers['ce-type']?.includes('service') ? { status: 400, body: { message: `no ${token}` } } : { status: 202 };
    start();
    deployed('v1', null, 'promoted');
    await eventually(() => scene.engine.outbox.waiting('cdevents:tracker') === 0 && tracker.heard.length === 2, 'both');
    clock.advance(25 * hourMs);
    await clock.sleep(100);
    expect(tracker.heard).toHaveLength(2);
    expect(dropped()).toMatchObject([{ code: 'cdevents', service: 'shop', target: 'production' }]);
    expect(dropped()[0]?.sentence).toBe(
      'tracker was not notified of dev.cdevents.service.deployed.0.3.0 for shop/production: tracker answered 400: no [secret]',
    );
  });

  it('that is gone for a day ends in one audit row for each event, without the key in its address', async () => {
    await tracker.close();
    start();
    deployed('v1', null, 'promoted');
    await eventually(() => other.heard.length === 2, 'the other one');
    clock.advance(25 * hourMs);
    await eventually(() => dropped().length === 2, 'that both were given up');
    for (const { sentence } of dropped()) {
      expect(sentence).toContain('ECONNREFUSED');
      expect(sentence).not.toContain('hidden');
    }
  });

  it('gets nothing twice when all rows are reported once more, and no history of yesterday', async () => {
    deployed('v0', null, 'promoted');
    clock.advance(25 * hourMs);
    start();
    deployed('v1', 'v0', 'promoted');
    await eventually(() => tracker.heard.length === 2, 'both events');
    await eventually(() => scene.engine.outbox.waiting('cdevents:tracker') === 0, 'an empty outbox');
    await notifying?.stop();
    scene.engine.moveCursor('cdevents:tracker', 0);
    start();
    deployed('v2', 'v1', 'promoted');
    await eventually(() => tracker.heard.length >= 4, 'two more');
    await eventually(() => scene.engine.outbox.waiting('cdevents:tracker') === 0, 'an empty outbox');
    expect(tracker.heard).toHaveLength(4);
    expect(eventsAt(tracker).map(({ customData }) => customData?.version)).toEqual(['v1', 'v1', 'v2', 'v2']);
  });
});

describe('the name of an artifact', () => {
  const named = (reference: string) =>
    purlOf({ service: 'shop', version: 'v1', artifact: { kind: 'image', reference } });

  it.each([
    [
      `registry.example.com:5000/team/Shop:1.0@sha256:${sha256}`,
      `pkg:oci/shop@sha256%3A${sha256}?repository_url=registry.example.com:5000/team/shop&tag=1.0`,
    ],
    [`shop@sha256:${sha256}`, `pkg:oci/shop@sha256%3A${sha256}?repository_url=shop`],
    ['localhost:5000/shop', 'pkg:oci/shop?repository_url=localhost:5000/shop'],
    ['not an image', 'pkg:generic/shop@v1'],
  ])('of %s is %s', (reference, purl) => {
    expect(named(reference)).toBe(purl);
  });

  it('holds no letter that means something else there', () => {
    expect(purlOf({ service: 'shop', version: 'a@b?c#d/é', artifact: undefined })).toBe(
      'pkg:generic/shop@a%40b%3Fc%23d%2F%C3%A9',
    );
  });
});
