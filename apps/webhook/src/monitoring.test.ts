// Alerts over HTTP, as their senders deliver them, to a real receiver: each becomes one act, also when the receiver is killed.

import { randomBytes } from 'node:crypto';
import type { Engine } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { alice, type Stage, setStage, value } from '../../../test/support/stage.ts';
import { payload } from './testing/payloads.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';
import { signedStandardly } from './testing/signing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const token = randomBytes(20).toString('hex');
const other = randomBytes(20).toString('hex');
const key = `whsec_${randomBytes(32).toString('base64')}`;
const environment = {
  MONITORING_PROMETHEUS_SECRET: `${token}`,
  MONITORING_DATADOG_SECRET: other,
  MONITORING_NIGHT_WATCH_SECRET: key,
};
const monitoring = `
monitoring:
  - name: prometheus
    sender: alertmanager
    rules:
      - { act: lock, service: shop, labels: { alertname: HighErrorRate, env: prod }, lift: true, atMost: 50 }
  - name: datadog
    sender: datadog
    rules:
      - { act: rollback, service: shop, labels: { monitor: "9107" } }
  - name: night-watch
    sender: script
    rules:
      - { act: pause, service: shop, }
`;

let stage: Stage;
let engine: Engine;
let receiver: Receiver;
beforeAll(async () => {
  stage = await setStage();
  const settings = await stage.edit((text) => `${text}${monitoring}`);
  engine = stage.open('look', settings);
  receiver = await startReceiver(stage, [], environment);
});
afterAll(async () => {
  receiver.child.kill('SIGKILL');
  await receiver.ended;
  await stage.strike();
});

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(caller: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<Answered> {
  const answer = await fetch(`${receiver.url}/hooks/monitoring/${caller}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: (await answer.json()) as Answered['body'] };
}

const bearer = { authorization: `Bearer ${token}` };
const sent = JSON.parse(payload('alertmanager', 'firing').toString());
const alertmanager = (change: object, headers = bearer) =>
  post('prometheus', Buffer.from(JSON.stringify({ ...sent, alerts: [{ ...sent.alerts[0], ...change }] })), headers);
const script = (given: object, id: string) => {
  const body = Buffer.from(JSON.stringify(given));
  return post('night-watch', body, signedStandardly(key, body, id));
};
const lockOf = () => value(engine.target({})).lock;
const rows = (action: string) => engine.audit.after(0, 10_000).filter((row) => row.action === action);

describe('Alertmanager', () => {
  it('locks a target, once, and its resolved alert lifts the lock', async () => {
    const first = await post('prometheus', payload('alertmanager', 'firing'), bearer);
    expect(first).toMatchObject({ status: 200, body: { results: [{ act: 'lock', target: 'shop', state: 'done' }] } });
    expect(lockOf()).toMatchObject({ owner: 'monitor:prometheus', reason: 'HighErrorRate: 5 % of requests fail' });
    const again = await post('prometheus', payload('alertmanager', 'firing'), bearer);
    expect(again).toEqual(first);
    // Another text about the same firing.
    const repeated = await alertmanager({ annotations: { summary: '7 % of requests fail' } });
    expect(repeated).toMatchObject({ status: 200, body: { results: [{ state: 'known' }] } });
    expect(rows('locked')).toHaveLength(1);
    expect(await alertmanager({ status: 'resolved' })).toMatchObject({ body: { results: [{ state: 'lifted' }] } });
    expect(lockOf()).toBeUndefined();
  });

  it('is answered alike, once, when several of a cluster deliver the same at once', async () => {
    const startsAt = new Date().toISOString();
    const answers = await Promise.all(Array.from({ length: 20 }, () => alertmanager({ startsAt })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(rows('locked')).toHaveLength(2);
    await alertmanager({ startsAt, status: 'resolved' });
  });

  it('is proved by a password, too, and by nothing else', async () => {
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    expect((await alertmanager({ labels: {} }, basic(`prometheus:${token}`))).status).toBe(200);
    for (const headers of [basic(`alice:${token}`), { authorization: `Bearer ${other}` }, { authorization: '' }])
      expect(await alertmanager({}, headers)).toEqual({
        status: 401,
        body: { code: 'unsigned', sentence: 'This delivery is not proved.' },
      });
    expect((await post('nobody', Buffer.from('{}'), bearer)).status).toBe(404);
  });

  it('hears what is wrong with a payload, and the audit log has it', async () => {
    const before = rows('refused').length;
    const { status, body } = await alertmanager({ status: 'odd' });
    expect([status, body.code]).toEqual([400, 'body-invalid']);
    expect(rows('refused').slice(before)).toMatchObject([
      { actor: 'monitor:prometheus', sentence: expect.stringContaining('alerts[0]: "status" does not fit') },
    ]);
  });
});

describe('Datadog', () => {
  it('hears with 200 why nothing is taken back', async () => {
    const answer = await post('datadog', payload('datadog', 'triggered'), { authorization: `Bearer ${other}` });
    expect(answer).toMatchObject({ status: 200, body: { code: 'call-out-of-time', results: [{ state: 'refused' }] } });
    expect(rows('refused').at(-1)).toMatchObject({ actor: 'monitor:datadog', code: 'call-out-of-time' });
  });
});

describe('a script', () => {
  const pause = { act: 'pause', service: 'shop', alert: 'checkout fails' };

  it('hears a refusal as an error', async () => {
    expect(await script(pause, 'none')).toMatchObject({ status: 409, body: { code: 'call-out-of-time' } });
    expect(await script({ ...pause, act: 'lock' }, 'lock')).toMatchObject({
      status: 409,
      body: { code: 'call-not-allowed', sentence: 'no rule of night-watch allows lock of shop for this alert' },
    });
    expect(await script({ ...pause, reason: 'x' }, 'odd')).toMatchObject({ status: 400 });
  });

  it('pauses a deployment once, though the receiver is killed at once and the call is repeated', async () => {
    value(engine.deploy({ version: 'v1.0', actor: alice, hold: true }));
    const first = script(pause, 'killed').catch(() => undefined);
    const deadline = Date.now() + 60_000;
    while (!engine.inbox.list({ limit: 100 }).some(({ delivery }) => delivery === 'killed')) {
      if (Date.now() > deadline) throw new Error('never stored');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    receiver.child.kill('SIGKILL');
    await receiver.ended;
    await first;
    receiver = await startReceiver(stage, [], environment);
    expect(await script(pause, 'killed')).toMatchObject({ status: 200 });
    await expect.poll(() => rows('paused').length, { timeout: 60_000 }).toBe(1);
    expect(rows('monitor-called').at(-1)).toMatchObject({
      actor: 'monitor:night-watch',
      sentence: 'A script (night-watch) asked for a pause of shop: checkout fails',
    });
  });
});
