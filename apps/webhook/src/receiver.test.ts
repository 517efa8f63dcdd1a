// The receiver as a separate process: real HTTP, a real engine, the sample shop. Tests build on one another.

import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '@bg/engine/test-kit';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { finished, type Stage, setStage, until } from '../../../test/support/stage.ts';
import { type Receiver, start, startReceiver } from './testing/receiver.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const nextSecret = `whsec_${randomBytes(32).toString('base64')}`;

interface Sent {
  readonly with?: string;
  readonly id?: string;
  readonly at?: Date;
  /** What is signed, where it is not what is sent. */
  readonly signed?: string;
}

let stage: Stage;
let receiver: Receiver;
let metricsPort = 0;

beforeAll(async () => {
  stage = await setStage();
  [metricsPort = 0] = await freePorts(1);
  receiver = await startReceiver(stage, [secret, nextSecret], { METRICS_PORT: String(metricsPort) });
});
afterAll(async () => {
  receiver.child.kill('SIGKILL');
  await receiver.ended;
  await stage.strike();
});

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { readonly deployment?: { readonly id: string } };
}

async function deliver(payload: unknown, sent: Sent = {}): Promise<Answered> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const { with: key = secret, id = `msg_${randomUUID()}`, at = new Date(), signed = body } = sent;
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign(id, at, signed),
  };
  return post(body, headers);
}

async function post(body: string, headers: Readonly<Record<string, string>>): Promise<Answered> {
  const answer = await fetch(`${receiver.url}/hooks/generic`, {
    method: 'POST',
    body,
    headers,
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: (await answer.json()) as Answered['body'] };
}

const deployments = () => {
  const engine = stage.open('look');
  const history = engine.history({}, 50);
  return history.ok ? history.value : [];
};

describe('what is not proved is not read', () => {
  const order = { service: 'shop', version: 'v1.0' };

  it.each<[string, () => Promise<Answered>]>([
    ['no signature', () => post(JSON.stringify(order), { 'content-type': 'application/json' })],
    ['the signature of another secret', () => deliver(order, { with: `whsec_${randomBytes(32).toString('base64')}` })],
    ['the signature of another body', () => deliver(order, { signed: '{}' })],
    ['a signature from ten minutes ago', () => deliver(order, { at: new Date(Date.now() - 600_000) })],
    ['a signature from ten minutes ahead', () => deliver(order, { at: new Date(Date.now() + 600_000) })],
    [
      'a signature that is none',
      () => post('{}', { 'webhook-id': 'a', 'webhook-timestamp': 'soon', 'webhook-signature': 'v1' }),
    ],
    ['broken JSON without a signature', () => post('{', {})],
  ])('%s: 401, and nothing happens', async (_name, send) => {
    const { status, body } = await send();
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 'unsigned', sentence: expect.any(String) });
    expect(deployments()).toEqual([]);
  });

  it('takes at most 1 MiB', async () => {
    expect((await deliver({ ...order, reason: 'x'.repeat(1 << 20) })).status).toBe(413);
  });

  it('does not wait for a sender that never ends its request', async () => {
    const began = Date.now();
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(receiver.url).port), '127.0.0.1', () =>
        socket.write('POST /hooks/generic HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'),
      );
      let text = '';
      socket.on('data', (piece) => {
        text += piece;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - began).toBeLessThan(50_000);
  });
});

describe('a body that makes no sense', () => {
  it.each([
    ['{', 'the body is not JSON'],
    ['[]', 'the body must be a JSON object'],
    ['null', 'the body must be a JSON object'],
    [{ version: 'v1.0' }, '"service" is missing'],
    [{ service: 'shop' }, '"version" is missing'],
    [{ service: 'shop', version: '../v1' }, '"version" does not fit'],
    [{ service: 'shop', version: 'v1.0', deploy: 'yes' }, '"deploy" does not fit: expected true or false'],
    [{ service: 'shop', version: 'v1.0', taget: 'staging' }, '"taget" is not known here'],
    ['{"__proto__": {"service": "shop"}, "version": "v1.0"}', '"__proto__" is not known here'],
  ])('%j: 400, which says what was expected', async (payload, sentence) => {
    const { status, body } = await deliver(payload);
    expect([status, body.code]).toEqual([400, 'body-invalid']);
    expect(body.sentence).toContain(sentence);
  });
});

describe('a proved delivery', () => {
  const order = { service: 'shop', version: 'v1.0', reason: 'build 17', by: 'alice-adams' };
  let id = '';

  it('becomes a deployment, which the receiver carries out to its end', async () => {
    const { status, body } = await deliver(order, { id: 'msg_first' });
    expect(status).toBe(202);
    expect(body.deployment).toMatchObject({
      version: 'v1.0',
      requestedBy: 'machine:webhook',
      reason: 'build 17 (asked by alice-adams)',
    });
    id = body.deployment?.id ?? '';
    const view = await until(stage.open('look'), id, finished, 60_000);
    expect(view.outcome).toMatchObject({ kind: 'promoted' });
    const answer = await fetch(`${stage.front}/health`, { signal: AbortSignal.timeout(10_000) });
    expect(await answer.json()).toMatchObject({ version: 'v1.0' });
  });

  it('that comes again gets the same answer and does nothing', async () => {
    const { status, body } = await deliver(order, { id: 'msg_first' });
    expect([status, body.deployment?.id]).toEqual([202, id]);
    expect(deployments()).toHaveLength(1);
  });

  it('may be signed with the next secret while the old one is still in use', async () => {
    expect((await deliver({ service: 'shop', version: 'v2.0', deploy: false }, { with: nextSecret })).status).toBe(200);
  });

  it('that asks for no deployment is answered with what one would do', async () => {
    const { status, body } = await deliver({ service: 'shop', version: 'v2.0', deploy: false });
    expect([status, body.deployment]).toEqual([200, null]);
    expect(body.plan).toMatchObject({ version: 'v2.0', mode: 'deploy' });
    expect(deployments()).toHaveLength(1);
  });

  it('that a rule refuses is answered 409 with the rule', async () => {
    const { status, body } = await deliver({ service: 'shop', version: 'v1.0' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'already-active', sentence: expect.stringContaining('v1.0') });
    expect((await deliver({ service: 'shp', version: 'v1.0' })).body).toMatchObject({ code: 'target-unknown' });
    expect((await deliver({ service: 'shop', version: 'v9.9' })).body).toMatchObject({ code: 'release-unknown' });
  });
});

describe('the process', () => {
  it('answers for its own health and nothing else', async () => {
    const health = await fetch(`${receiver.url}/healthz`);
    expect(await health.json()).toEqual({ status: 'ok', controllerAlive: true });
    expect((await fetch(`${receiver.url}/hooks/other`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await fetch(`${receiver.url}/hooks/generic`)).status).toBe(404);
  });

  it('serves its metrics on a port of their own, and nothing else there', async () => {
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(metrics.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
    expect(await metrics.text()).toMatch(/^bluegreen_controller_alive 1$/m);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { method: 'POST', body: '{}' })).status).toBe(405);
    expect((await fetch(`${receiver.url}/metrics`)).status).toBe(404);
  });

  it('never writes a secret', () => {
    for (const text of [secret, nextSecret]) expect(receiver.output()).not.toContain(text.slice('whsec_'.length));
  });

  it('at SIGTERM answers pending requests, releases the lease, and leaves the service running', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const port = Number(new URL(receiver.url).port);
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('POST /hooks/generic HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{'),
      );
      let text = '';
      socket.once('data', async () => {
        // The receiver has read the head. The second half comes when it has begun to end, and listens no longer.
        receiver.child.kill('SIGTERM');
        await refusesConnections(port);
        socket.write('}');
      });
      socket.on('data', (piece) => {
        text += piece;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 100 .*\r\n\r\nHTTP\/1\.1 401 /);
    expect(await receiver.ended).toBe(0);
    expect(stage.open('look').controllerAlive()).toBe(false);
    const served = await fetch(`${stage.front}/health`, { signal: AbortSignal.timeout(10_000) });
    expect(await served.json()).toMatchObject({ version: 'v1.0' });
  });

  it('after a restart still knows what it has taken', async () => {
    receiver = await startReceiver(stage, [secret, nextSecret]);
    const { status, body } = await deliver({ service: 'shop', version: 'v2.0' }, { id: 'msg_first' });
    expect([status, body.deployment]).toMatchObject([202, { version: 'v1.0' }]);
    expect(deployments()).toHaveLength(1);
  });

  it('killed between storing a delivery and working on it, works on it after its restart, once', async () => {
    const inbox = stage.open('look').inbox;
    const kept = () => inbox.list({ limit: 1000 }).filter(({ delivery }) => delivery.startsWith('msg_killed_'));
    const sent = Array.from({ length: 40 }, (_, index) =>
      deliver({ service: 'shop', version: 'v1.0', deploy: false }, { id: `msg_killed_${index}` }).catch(
        () => undefined,
      ),
    );
    const end = Date.now() + 60_000;
    while (kept().length < 5 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
    receiver.child.kill('SIGKILL');
    await receiver.ended;
    const answered = (await Promise.all(sent)).filter((answer) => answer !== undefined);
    const before = kept();
    expect(before.length).toBeGreaterThanOrEqual(answered.length);
    receiver = await startReceiver(stage, [secret, nextSecret]);
    while (kept().some(({ state }) => state === 'waiting') && Date.now() < end + 60_000)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(kept().map(({ state }) => state)).toEqual(before.map(() => 'done'));
  });

  it.each([
    ['no secret', {}, ['WEBHOOK_SECRET is not set']],
    [
      'two problems',
      { WEBHOOK_SECRET: 'whsec_c2hvcnQ=', PORT: 'http' },
      ['WEBHOOK_SECRET, number 1', 'PORT is not a port'],
    ],
    ['no configuration', { WEBHOOK_SECRET: secret, BLUEGREEN_CONFIG: '/none.yaml' }, ['there is no such file']],
  ])('says what is missing and ends with 1: %s', async (_name, environment, sentences) => {
    const started = start(environment);
    expect(await started.ended).toBe(1);
    for (const sentence of sentences) expect(started.output()).toContain(sentence);
    expect(started.output()).not.toContain('c2hvcnQ');
  });

  it('names the port that is taken', async () => {
    const port = new URL(receiver.url).port;
    const started = start({
      WEBHOOK_SECRET: secret,
      BLUEGREEN_CONFIG: join(stage.folder, 'bluegreen.yaml'),
      PORT: port,
    });
    expect(await started.ended).toBe(1);
    expect(started.output()).toContain(`127.0.0.1:${port} is in use already`);
  });
});

async function refusesConnections(port: number): Promise<void> {
  const isRefused = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(false));
      socket.on('error', () => resolve(true)).on('connect', () => socket.destroy());
    });
  await expect.poll(isRefused).toBe(true);
}
