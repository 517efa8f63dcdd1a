// Which bytes of a monitoring system are proved, and what they say, whatever they hold.

import { randomBytes } from 'node:crypto';
import type { MonitoringCaller } from '@bg/engine';
import { silentLog } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { flips } from '../../testing/flips.ts';
import { payload } from '../../testing/payloads.ts';
import { signedStandardly } from '../../testing/signing.ts';
import type { Proof } from '../hook.ts';
import { readCall } from './alerts.ts';
import { monitoringHooks } from './hooks.ts';

const token = randomBytes(20).toString('hex');
const key = `whsec_${randomBytes(32).toString('base64')}`;
const callerOf = (sender: MonitoringCaller['sender']): MonitoringCaller => ({ name: 'prometheus', sender, rules: [] });
const hookOf = (sender: MonitoringCaller['sender'], secret = sender === 'script' ? key : token) => {
  const [hook] = monitoringHooks([callerOf(sender)], { MONITORING_PROMETHEUS_SECRET: [secret] }, silentLog);
  if (!hook) throw new Error('no hook');
  return hook;
};
const outcome = (proof: Proof): string => (proof.proved ? (proof.problem ?? 'taken') : 'unproved');
const firing = payload('alertmanager', 'firing');
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the proof', () => {
  const verify = (authorization: string | undefined) =>
    outcome(hookOf('alertmanager').verify({ headers: { authorization }, body: firing }));

  it('of Alertmanager and Datadog is a bearer token, or the name of the caller with a password', () => {
    expect(['Bearer', 'bearer'].map((scheme) => verify(`${scheme} ${token}`))).toEqual(['taken', 'taken']);
    expect(verify(basic(`prometheus:${token}`))).toBe('taken');
    expect(hookOf('datadog').verify({ headers: { authorization: `Bearer ${token}` }, body: firing })).toMatchObject({
      kind: 'firing',
    });
  });

  it.each([
    undefined,
    '',
    token,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    'Bearer ',
    'Basic',
    'Basic !!!',
    basic(token),
    basic(`other:${token}`),
    basic('prometheus:'),
    basic(`:${token}`),
    `Digest ${token}`,
  ])('is not %s', (authorization) => {
    expect(verify(authorization)).toBe('unproved');
  });

  it('is not a token with one bit changed', () => {
    for (const { headers } of flips(Buffer.alloc(0), { authorization: token }, 'authorization'))
      expect(verify(`Bearer ${headers.authorization}`)).toBe('unproved');
  });

  it('of a script is a signature, and no token', () => {
    const body = Buffer.from('{}');
    const script = hookOf('script');
    expect(outcome(script.verify({ headers: signedStandardly(key, body, 'a'), body }))).toBe('taken');
    expect(outcome(script.verify({ headers: { authorization: `Bearer ${key}` }, body }))).toBe('unproved');
    expect(outcome(script.verify({ headers: signedStandardly(key, body, 'a'), body: Buffer.from('{ }') }))).toBe(
      'unproved',
    );
  });

  it('needs a secret of the kind that the sender can use; the error shows none', () => {
    expect(() => hookOf('script', token)).toThrow(/^MONITORING_PROMETHEUS_SECRET, number 1: prometheus signs/);
    expect(() => hookOf('alertmanager', key)).toThrow('alertmanager signs nothing: expected a token');
    expect(monitoringHooks([callerOf('script')], {}, silentLog)).toEqual([]);
  });

  it('comes before the body is parsed, and a proved sender hears what is wrong with it', () => {
    const headers = { authorization: `Bearer ${token}` };
    expect(outcome(hookOf('alertmanager').verify({ headers, body: Buffer.from('{"a":') }))).toBe(
      'the body is not JSON',
    );
    expect(outcome(hookOf('alertmanager').verify({ headers: {}, body: Buffer.from('{"a":') }))).toBe('unproved');
  });
});

const receivedAt = Date.UTC(2026, 10, 29, 22, 5);
const read = (sender: MonitoringCaller['sender'], given: object, delivery = 'd1') =>
  readCall({ caller: callerOf(sender), payload: given as never, delivery, receivedAt });
const callOf = (...given: Parameters<typeof read>) => {
  const reading = read(...given);
  if (!reading.ok) throw new Error(reading.problem);
  if (!('call' in reading) || !reading.call) throw new Error('no call');
  return reading.call;
};
const problemOf = (...given: Parameters<typeof read>) => {
  const reading = read(...given);
  return reading.ok ? 'none' : reading.problem;
};

describe('Alertmanager', () => {
  const sent = JSON.parse(firing.toString());
  const alert = sent.alerts[0];
  const withAlert = (change: object) => ({ ...sent, alerts: [{ ...alert, ...change }] });

  it('says which alerts fire and are resolved', () => {
    expect(callOf('alertmanager', sent)).toEqual({
      caller: 'prometheus',
      group: expect.stringMatching(/^[0-9a-f]{64}$/),
      alerts: [
        {
          status: 'firing',
          title: 'HighErrorRate: 5 % of requests fail',
          labels: alert.labels,
          startsAt: Date.parse('2026-11-29T22:00:00.187Z'),
        },
      ],
    });
    expect(callOf('alertmanager', withAlert({ status: 'resolved' })).alerts[0]?.status).toBe('resolved');
  });

  it.each<[string, object, string]>([
    ['no group', { ...sent, groupKey: undefined }, '"groupKey" is missing'],
    ['a group that is a list', { ...sent, groupKey: [] }, '"groupKey" is missing'],
    ['no alerts', { ...sent, alerts: [] }, '"alerts" is missing'],
    ['alerts that are a text', { ...sent, alerts: 'all' }, '"alerts" is missing'],
    ['too many alerts', { ...sent, alerts: Array(1001).fill(alert) }, 'more than 1000 alerts'],
    ['an alert that is nothing', { ...sent, alerts: [alert, null] }, 'alerts[1]: expected an object'],
    ['another status', withAlert({ status: 'suppressed' }), '"status" does not fit'],
    ['labels that are a list', withAlert({ labels: [] }), '"labels" does not fit'],
    ['a label that is a number', withAlert({ labels: { a: 1 } }), '"labels" does not fit'],
    [
      'labels without end',
      withAlert({ labels: Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`l${at}`, ''])) }),
      '"labels" does not fit',
    ],
    ['no time', withAlert({ startsAt: undefined }), '"startsAt" does not fit'],
    ['a time that is none', withAlert({ startsAt: '2026-99-29T22:00:00Z' }), '"startsAt" does not fit'],
    ['a time of no century', withAlert({ startsAt: '0001-01-01T00:00:00Z' }), '"startsAt" does not fit'],
    ['a time that is infinite', withAlert({ startsAt: Number.POSITIVE_INFINITY }), '"startsAt" does not fit'],
  ])('is refused with %s', (_name, given, expected) => {
    expect(problemOf('alertmanager', given)).toContain(expected);
  });

  it('gives people plain and short text', () => {
    const title = (alertname: string, summary?: unknown) =>
      callOf('alertmanager', withAlert({ labels: { alertname }, annotations: { summary } })).alerts[0]?.title;
    expect(title('a\u0000b\r\n\u202Ec\u200Bd\u2028e')).toBe('a b c d e');
    expect([...(title('🧨'.repeat(5_000)) ?? '')]).toHaveLength(160);
    expect(title('', 7)).toBe('an alert without a name');
    expect(title('x', '<!channel> <http://evil.example|click>')).toBe('x: <!channel> <http://evil.example|click>');
  });

  it('takes labels as data, whatever their names', () => {
    const labels = JSON.parse('{"__proto__":"x","constructor":"y","alertname":"z"}');
    const found = callOf('alertmanager', withAlert({ labels })).alerts[0]?.labels ?? {};
    expect(Object.entries(found).sort()).toEqual([
      ['__proto__', 'x'],
      ['alertname', 'z'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('Datadog', () => {
  const sent = JSON.parse(payload('datadog', 'triggered').toString());

  it('says by its transition what fires, with tags as labels', () => {
    const [alert] = callOf('datadog', sent).alerts;
    expect(alert).toMatchObject({
      status: 'firing',
      title: 'Error rate of the shop is high on env:prod',
      labels: { env: 'prod', service: 'shop', team: 'web', monitor: '9107' },
      startsAt: 1796076000000,
    });
    expect(callOf('datadog', { ...sent, transition: 'Recovered' }).alerts[0]?.status).toBe('resolved');
    expect(callOf('datadog', sent).group).toBe(callOf('datadog', { ...sent, transition: 'Recovered' }).group);
    expect(callOf('datadog', sent).group).not.toBe(callOf('datadog', { ...sent, cycle: '2' }).group);
  });

  it.each(['Warn', 'No Data', 'Null', '$ALERT_TRANSITION'])('%s asks for nothing', (transition) => {
    expect(read('datadog', { ...sent, transition })).toEqual({ ok: true, sentence: `${transition} asks for nothing` });
  });

  it('cannot pretend to be another monitor by a tag', () => {
    expect(callOf('datadog', { ...sent, tags: 'monitor:1' }).alerts[0]?.labels.monitor).toBe('9107');
  });

  it.each([['monitor'], ['cycle'], ['transition'], ['at']])('is refused without %s', (name) => {
    expect(problemOf('datadog', { ...sent, [name]: undefined })).toContain(`"${name}"`);
  });
});

describe('a script', () => {
  const sent = { act: 'rollback', service: 'shop', alert: 'checkout fails' };

  it('asks for one act, each delivery for itself', () => {
    expect(callOf('script', sent)).toMatchObject({
      asked: { act: 'rollback', service: 'shop', target: undefined },
      alerts: [{ status: 'firing', startsAt: receivedAt, title: 'checkout fails', labels: {} }],
    });
    expect(callOf('script', sent, 'a').group).not.toBe(callOf('script', sent, 'b').group);
    const keyed = { ...sent, key: 'checkout' };
    expect(callOf('script', keyed, 'a').group).toBe(callOf('script', { ...keyed, status: 'resolved' }, 'b').group);
  });

  it.each<[object, string]>([
    [{ ...sent, act: 'deploy' }, '"act" does not fit: expected rollback, pause or lock'],
    [{ ...sent, tarrget: 'production' }, '"tarrget" is not known here'],
    [{ ...sent, target: 'a b' }, '"target" does not fit'],
    [{ ...sent, service: ['shop'] }, '"service" does not fit'],
    [{ ...sent, alert: '' }, '"alert" does not fit'],
    [{ ...sent, alert: 'x'.repeat(501) }, '"alert" does not fit'],
    [{ ...sent, status: 'resolved' }, '"key" is missing'],
    [{}, '"act" is missing'],
  ])('is refused with %j', (given, expected) => {
    expect(problemOf('script', given)).toContain(expected);
  });
});
