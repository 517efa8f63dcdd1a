// What proves a delivery of Bitbucket Cloud: payloads in its shapes, signed by openssl, and every bit of one of them.

import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { taken } from '../testing/flips.ts';
import { payload, payloadsOf } from '../testing/payloads.ts';
import { type Headers, hmacByOpenssl } from '../testing/signing.ts';
import { bitbucketHook } from './bitbucket.ts';
import type { Proof } from './hook.ts';

vi.setConfig({ testTimeout: 120_000 });

const text = () => randomBytes(20).toString('hex');
const bitbucketSecret = text();
const bitbucket = bitbucketHook([text(), bitbucketSecret]);
const outcome = (proof: Proof) => (proof.proved ? (proof.problem ?? 'taken') : 'unproved');

describe('Bitbucket', () => {
  const signed = (body: Buffer, key: string, secret = bitbucketSecret): Headers => ({
    'content-type': 'application/json',
    'x-event-key': key,
    'x-request-uuid': 'a7e1c2f0-1111-4222-8333-444455556666',
    'x-hub-signature': `sha256=${hmacByOpenssl(Buffer.from(secret), body).toString('hex')}`,
  });
  const keyOfPayload = (name: string): string => {
    if (name.startsWith('push')) return 'repo:push';
    return name.startsWith('pullrequest') ? 'pullrequest:fulfilled' : 'repo:commit_status_updated';
  };

  it.each(payloadsOf('bitbucket').map(({ name, body }) => [name, body] as const))(
    '%s, signed by openssl, is taken',
    (name, body) => {
      const headers = signed(body, keyOfPayload(name));
      expect(bitbucket.verify({ headers, body })).toMatchObject({ proved: true, kind: keyOfPayload(name), body });
    },
  );

  it('refuses every change of one bit in body or signature, another secret and no signature', () => {
    const body = Buffer.from(JSON.stringify({ push: { changes: [] }, more: 'x'.repeat(100) }));
    const headers = signed(body, 'repo:push');
    expect(outcome(bitbucket.verify({ headers, body }))).toBe('taken');
    expect(taken(bitbucket, body, headers)).toBe(0);
    expect(outcome(bitbucket.verify({ headers: signed(body, 'repo:push', text()), body }))).toBe('unproved');
    expect(outcome(bitbucket.verify({ headers: { ...headers, 'x-hub-signature': '' }, body }))).toBe('unproved');
  });

  it('is not read as another event than its body is, whatever the header says', () => {
    const body = payload('bitbucket', 'pullrequest-created');
    for (const key of ['repo:push', 'repo:commit_status_created'])
      expect(outcome(bitbucket.verify({ headers: signed(body, key), body }))).toBe(
        `X-Event-Key says ${key}, and the signed body is none`,
      );
    expect(outcome(bitbucket.verify({ headers: signed(body, 'no event'), body }))).toContain(
      'X-Event-Key names no event',
    );
  });

  it('is one delivery by its signed content, whatever its id says', () => {
    const body = payload('bitbucket', 'push');
    const contents = ['a', 'b'].map((id) => {
      const proof = bitbucket.verify({ headers: { ...signed(body, 'repo:push'), 'x-request-uuid': id }, body });
      return 'content' in proof ? proof.content : undefined;
    });
    expect(contents[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(contents[0]).toBe(contents[1]);
  });
});
