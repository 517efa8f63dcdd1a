// What proves a delivery, without a server: real payloads, signed by other programs, and every bit of them.

import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { flips, taken } from '../testing/flips.ts';
import { githubEvent, payload, payloadsOf } from '../testing/payloads.ts';
import { type Headers, hmacByOpenssl, signedByOctokit, signedStandardly } from '../testing/signing.ts';
import { cdeventsHook } from './cdevents.ts';
import { genericHook } from './generic.ts';
import { githubHook } from './github.ts';
import { gitlabHook } from './gitlab.ts';
import type { Proof } from './hook.ts';
import { signingKey } from './standard.ts';

vi.setConfig({ testTimeout: 120_000 });

const text = () => randomBytes(20).toString('hex');
const secretText = () => `whsec_${randomBytes(32).toString('base64')}`;
const keyOf = (secret: string) => signingKey(secret) ?? Buffer.alloc(0);
const [githubSecret, token] = [text(), text()];
const [standardSecret, nextSecret] = [secretText(), secretText()];
const github = githubHook([text(), githubSecret]);
const gitlab = gitlabHook({ tokens: [text(), token], keys: [keyOf(standardSecret)] });
const generic = genericHook([keyOf(nextSecret), keyOf(standardSecret)]);
const cdevents = cdeventsHook({ keys: [keyOf(standardSecret)], tokens: [token] });

const structuredType = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const outcome = (proof: Proof) => (proof.proved ? (proof.problem ?? 'taken') : 'unproved');

describe('GitHub', () => {
  it.each(payloadsOf('github').map(({ name, body }) => [name, body] as const))(
    '%s, signed by GitHub’s own package, is taken',
    async (name, body) => {
      const headers = await signedByOctokit(githubSecret, body, githubEvent(name), `id-${name}`);
      expect(github.verify({ headers, body })).toMatchObject({ delivery: `id-${name}`, kind: githubEvent(name), body });
    },
  );

  it('takes what openssl signs', () => {
    const body = payload('github', 'push');
    const signature = hmacByOpenssl(Buffer.from(githubSecret), body).toString('hex');
    const headers = {
      'x-github-event': 'push',
      'x-github-delivery': 'a',
      'x-hub-signature-256': `sha256=${signature}`,
    };
    expect(outcome(github.verify({ headers, body }))).toBe('taken');
  });

  it('refuses every change of one bit in body or signature', async () => {
    const body = Buffer.from(JSON.stringify({ zen: 'Umlaute: äöü ✓ and \ufffd', hook_id: 301, more: 'x'.repeat(200) }));
    const headers = await signedByOctokit(githubSecret, body, 'ping', 'a');
    expect(outcome(github.verify({ headers, body }))).toBe('taken');
    expect(taken(github, body, headers)).toBe(0);
  });

  it('is one delivery by what was signed, whatever the headers say', async () => {
    const body = payload('github', 'workflow-run-success');
    const [one, other] = await Promise.all(
      ['a', 'b'].map(async (id) =>
        github.verify({ headers: await signedByOctokit(githubSecret, body, 'workflow_run', id), body }),
      ),
    );
    expect(one).toMatchObject({ delivery: 'a' });
    expect(other).toMatchObject({ delivery: 'b', content: (one as { content?: string }).content });
  });

  it('is not read as another event than the body is, since the header is not signed', async () => {
    const body = payload('github', 'deployment-status');
    const as = async (event: string) =>
      outcome(github.verify({ headers: await signedByOctokit(githubSecret, body, event, 'a'), body }));
    expect(await as('deployment_status')).toBe('taken');
    for (const event of ['push', 'workflow_run', 'release', 'pull_request', 'ping', 'check_suite', 'deployment'])
      expect(await as(event)).toBe(`X-GitHub-Event says ${event}, and the signed body is none`);
  });

  it.each([
    ['projects_v2_item', { action: 'edited', projects_v2_item: {} }],
    ['deployment', { deployment: { sha: 'a' }, repository: {} }],
    ['deployment_status', { deployment: {}, deployment_status: { state: 'success' } }],
  ])('may send %s, which no rule reads: it is taken', async (event, reported) => {
    const body = Buffer.from(JSON.stringify(reported));
    const headers = await signedByOctokit(githubSecret, body, event, 'a');
    expect(github.verify({ headers, body })).toMatchObject({ proved: true, kind: event });
  });

  it('must name an event as events are named, and hears so', async () => {
    const body = payload('github', 'push');
    const headers = { ...(await signedByOctokit(githubSecret, body, 'push', 'a')), 'x-github-event': 'Push!' };
    expect(outcome(github.verify({ headers, body }))).toContain('X-GitHub-Event names no event');
  });

  it('may send its JSON as a form, which is the default content type of a webhook', async () => {
    const json = payload('github', 'push');
    const body = Buffer.from(new URLSearchParams({ payload: json.toString() }).toString());
    const headers = await signedByOctokit(githubSecret, body, 'push', 'a');
    expect(github.verify({ headers, body })).toMatchObject({ kind: 'push', body: json });
  });

  it.each<[string, string, Headers]>([
    ['no JSON', '{', {}],
    ['an array', '[]', {}],
    ['nested deeply', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, {}],
    ['a form without a payload', 'payload=', {}],
    ['no event', '{}', { 'x-github-event': '' }],
    ['two events', '{}', { 'x-github-event': 'push, ping' }],
    ['no delivery', '{}', { 'x-github-delivery': '' }],
    ['a delivery without end', '{}', { 'x-github-delivery': 'a'.repeat(201) }],
  ])('is told what is wrong with a proved body: %s', async (_name, content, more) => {
    const body = Buffer.from(content);
    const headers = { ...(await signedByOctokit(githubSecret, body, 'star', 'a')), ...more };
    const proof = github.verify({ headers, body });
    expect(proof.proved && proof.problem).toEqual(expect.any(String));
  });
});

describe('GitLab', () => {
  const headers = { 'x-gitlab-event': 'Some Hook', 'x-gitlab-token': token, 'idempotency-key': 'key-1' };

  it.each(payloadsOf('gitlab').map(({ name, body }) => [name, body] as const))('%s is taken', (_name, body) => {
    const { object_kind: kind } = JSON.parse(body.toString());
    expect(gitlab.verify({ headers, body })).toMatchObject({ kind, delivery: 'key-1', body });
    const signed = signedStandardly(standardSecret, body, 'key-2');
    expect(gitlab.verify({ headers: signed, body })).toMatchObject({ kind, delivery: 'key-2', body });
  });

  it('refuses every other token', () => {
    const body = Buffer.from('{}');
    const others = ['', 'x', token.slice(1), `${token}x`, token.toUpperCase(), ` ${token}`];
    for (const other of others)
      expect(outcome(gitlab.verify({ headers: { 'x-gitlab-token': other }, body }))).toBe('unproved');
    for (const { headers: changed } of flips(Buffer.alloc(0), { 'x-gitlab-token': token }, 'x-gitlab-token'))
      expect(gitlab.verify({ headers: changed, body }).proved).toBe(false);
  });

  it('does not fall back to the token when a signature is wrong', () => {
    const body = payload('gitlab', 'job');
    const signed = signedStandardly(nextSecret, body, 'key-2');
    expect(outcome(gitlab.verify({ headers: { ...headers, ...signed }, body }))).toBe('unproved');
  });

  it('takes the same push twice when its id says that it is another one', () => {
    const body = payload('gitlab', 'push');
    const content = (more: Headers) => {
      const proof = gitlab.verify({ headers: { 'x-gitlab-token': token, ...more }, body });
      return proof.proved && proof.problem === undefined ? proof.content : undefined;
    };
    expect(content({ 'idempotency-key': 'a' })).toBe(content({ 'idempotency-key': 'a' }));
    expect(content({ 'idempotency-key': 'a' })).not.toBe(content({ 'idempotency-key': 'b' }));
    expect(content({ 'x-gitlab-event-uuid': 'a' })).not.toBe(content({ 'x-gitlab-event-uuid': 'b' }));
    expect(content({})).toBe(content({}));
  });
});

describe('Standard Webhooks', () => {
  const body = Buffer.from(JSON.stringify({ service: 'shop', version: 'v2.1', reason: 'ä ✓ \ufffd'.repeat(30) }));

  it('refuses every change of one bit in body or signature', () => {
    const headers = signedStandardly(standardSecret, body, 'msg_1');
    expect(outcome(generic.verify({ headers, body }))).toBe('taken');
    expect(taken(generic, body, headers)).toBe(0);
  });

  it('is over bytes: what is no UTF-8 does not all look the same', () => {
    const bytes = (last: number) => Buffer.from([0x7b, 0xff, last]);
    const at = String(Math.floor(Date.now() / 1000));
    const message = Buffer.concat([Buffer.from(`msg_1.${at}.`), bytes(0xfe)]);
    const signature = `v1,${hmacByOpenssl(keyOf(standardSecret), message).toString('base64')}`;
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': signature };
    expect(outcome(generic.verify({ headers, body: bytes(0xfe) }))).toBe('taken');
    expect(outcome(generic.verify({ headers, body: bytes(0xfd) }))).toBe('unproved');
  });

  it.each<[string, (headers: Headers) => Headers, string]>([
    ['another id', (all) => ({ ...all, 'webhook-id': 'msg_2' }), 'unproved'],
    [
      'another time',
      (all) => ({ ...all, 'webhook-timestamp': String(Number(all['webhook-timestamp']) - 1) }),
      'unproved',
    ],
    [
      'the time written otherwise',
      (all) => ({ ...all, 'webhook-timestamp': `0${all['webhook-timestamp']}` }),
      'unproved',
    ],
    ['no signature', ({ 'webhook-signature': _, ...rest }) => rest, 'unproved'],
    [
      'another version',
      (all) => ({ ...all, 'webhook-signature': `v2${all['webhook-signature']?.slice(2)}` }),
      'unproved',
    ],
    [
      'an old signature beside',
      (all) => ({ ...all, 'webhook-signature': `v1,AAAA ${all['webhook-signature']}` }),
      'taken',
    ],
    ['signatures without end', (all) => ({ ...all, 'webhook-signature': 'v1,AAAA '.repeat(500) }), 'unproved'],
  ])('with %s', (_name, change, expected) => {
    const headers = change(signedStandardly(standardSecret, body, 'msg_1'));
    expect(outcome(generic.verify({ headers, body }))).toBe(expected);
  });

  it('takes five minutes either way, and no more', () => {
    const at = (seconds: number) =>
      outcome(
        generic.verify({
          headers: signedStandardly(standardSecret, body, 'a', new Date(Date.now() + seconds * 1000)),
          body,
        }),
      );
    expect([-290, 290].map(at)).toEqual(['taken', 'taken']);
    expect([-310, 310].map(at)).toEqual(['unproved', 'unproved']);
  });
});

describe('CloudEvents', () => {
  const structured = payload('cdevents', 'artifact-published');
  const data = payload('cdevents', 'artifact-published-data');
  const { context } = JSON.parse(data.toString());
  const bearer = { authorization: `Bearer ${token}` };
  const ce = {
    'ce-specversion': '1.0',
    'ce-id': context.id,
    'ce-source': context.source,
    'ce-type': context.type,
    'ce-subject': encodeURIComponent('pkg:generic/shöp'),
  };

  it.each(
    payloadsOf('cdevents')
      .filter(({ name }) => !name.endsWith('-data'))
      .map(({ name, body }) => [name, body] as const),
  )('%s in structured mode is taken, signed and with a token', (_name, body) => {
    const { type: kind } = JSON.parse(body.toString());
    const signed = { ...signedStandardly(standardSecret, body, 'msg_1'), ...structuredType };
    expect(cdevents.verify({ headers: signed, body })).toMatchObject({ kind, body });
    expect(cdevents.verify({ headers: { ...bearer, ...structuredType }, body })).toMatchObject({ kind, body });
  });

  it('in binary mode is stored as what headers and data say together', () => {
    const proof = cdevents.verify({ headers: { ...bearer, ...ce }, body: data });
    const kept = proof.proved && proof.problem === undefined ? JSON.parse(proof.body.toString()) : undefined;
    expect(kept).toMatchObject({
      specversion: '1.0',
      type: context.type,
      subject: 'pkg:generic/shöp',
      data: JSON.parse(data.toString()),
    });
  });

  it('is one event in both modes and however often it is signed', () => {
    const ids = [
      cdevents.verify({ headers: { ...bearer, ...ce }, body: data }),
      cdevents.verify({ headers: { ...bearer, ...structuredType }, body: structured }),
      cdevents.verify({ headers: { ...signedStandardly(standardSecret, data, 'other'), ...ce }, body: data }),
    ].map((proof) => (proof.proved && proof.problem === undefined ? proof.delivery : proof.problem));
    expect(new Set(ids).size).toBe(1);
  });

  it('under a signature believes no header: not its type, and not what only a header says', () => {
    const headers = { ...signedStandardly(standardSecret, data, 'msg_1'), ...ce };
    const proof = cdevents.verify({ headers, body: data });
    expect(proof.proved && proof.problem === undefined && proof.body.toString()).not.toContain('shöp');
    const relabelled = { ...headers, 'ce-type': 'dev.cdevents.artifact.signed.0.2.0' };
    expect(outcome(cdevents.verify({ headers: relabelled, body: data }))).toMatch(/^the ce-\* headers are not signed/);
  });

  it('refuses every change of one bit in body or signature', () => {
    const body = Buffer.from(
      JSON.stringify({ specversion: '1.0', id: 'a', source: 's', type: 't', data: { text: 'ä ✓'.repeat(40) } }),
    );
    const headers = { ...signedStandardly(standardSecret, body, 'msg_1'), ...structuredType };
    expect(outcome(cdevents.verify({ headers, body }))).toBe('taken');
    expect(taken(cdevents, body, headers)).toBe(0);
  });

  it.each<[string, Headers]>([
    ['no token', {}],
    ['another token', { authorization: `Bearer ${text()}` }],
    ['a token of another kind', { authorization: `Basic ${token}` }],
    ['a wrong signature beside the right token', { ...bearer, ...signedStandardly(nextSecret, structured, 'a') }],
  ])('is not proved by %s', (_name, headers) => {
    expect(outcome(cdevents.verify({ headers: { ...headers, ...structuredType }, body: structured }))).toBe('unproved');
  });

  it.each<[string, Headers, string]>([
    ['no mode', {}, '{}'],
    ['a batch', { 'content-type': 'application/cloudevents-batch+json' }, '[]'],
    ['another version', structuredType, '{"specversion":"0.3","id":"a","source":"s","type":"t"}'],
    ['no id', structuredType, '{"specversion":"1.0","source":"s","type":"t"}'],
    ['data in base64', structuredType, '{"specversion":"1.0","id":"a","source":"s","type":"t","data_base64":"AA=="}'],
    ['a header that is no text', { ...ce, 'ce-subject': '%ff' }, '{}'],
  ])('is told what is wrong with %s', (_name, headers, body) => {
    const proof = cdevents.verify({ headers: { ...bearer, ...headers }, body: Buffer.from(body) });
    expect(proof.proved && proof.problem).toEqual(expect.any(String));
  });
});
