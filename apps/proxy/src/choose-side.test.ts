import type { ProxySpec, Routing } from '@bg/engine';
import { bucketTokens } from '@bg/engine/counting';
import { describe, expect, test } from 'vitest';
import { bucketsOf } from './buckets.ts';
import { type Asker, chooseSide, type Rules, secretsOf } from './choose-side.ts';
import { specIn } from './testing/fixture.ts';

const spec: ProxySpec = specIn('/tmp', 8_080, 8_081);
const nobody: Routing = { generation: 0, active: undefined, canary: undefined, preview: undefined };
const all: Routing = { generation: 1, active: 'blue', canary: { slot: 'green', percent: 25 }, preview: 'green' };

const tokens = bucketTokens(spec.probe.nonce);
const buckets = bucketsOf(spec.probe.nonce);
const rulesOf = (present: ProxySpec): Rules => ({ spec: present, secrets: secretsOf(present), buckets });

function choose(headers: Asker['headers'], routing: Routing, changes: Partial<ProxySpec> = {}): string {
  const choice = chooseSide({ headers, address: '203.0.113.7' }, routing, rulesOf({ ...spec, ...changes }));
  return choice.kind === 'nobody' ? 'nobody' : `${choice.route} ${choice.slot}`;
}

describe('buckets', () => {
  test('keep every user of the canary on it when its share grows, step by step to 100 %', () => {
    const users = Array.from({ length: 500 }, (_, user) => ({ cookie: `bg_bucket=${tokens[user * 20]}` }));
    let before = new Set<string>();
    for (const percent of [0, 0.5, 1, 5, 10, 20, 50, 99, 100]) {
      const routing: Routing = { ...all, canary: { slot: 'green', percent } };
      const now = new Set(users.filter((user) => choose(user, routing) === 'canary green').map(({ cookie }) => cookie));
      expect(now.size).toBe(users.length * percent * 0.01 === 2.5 ? 3 : users.length * percent * 0.01);
      expect([...before].filter((user) => !now.has(user))).toEqual([]);
      before = now;
    }
    expect(before.size).toBe(users.length);
  });

  test('cannot be named by a client: a value that was not issued is a new user each time', () => {
    const routing: Routing = { ...all, canary: { slot: 'green', percent: 10 } };
    for (const value of ['4', '0', 'user-1', '9999', 'abcdefabcdefabcdefabcdef', bucketTokens('another')[0]]) {
      const asker = { headers: { cookie: `bg_bucket=${value}` }, address: '203.0.113.7' };
      const choices = Array.from({ length: 1_000 }, () => chooseSide(asker, routing, rulesOf(spec)));
      // Ten standard deviations of a binomial distribution with n = 1000, p = 0.1.
      const share = choices.filter((choice) => choice.kind === 'side' && choice.slot === 'green').length;
      expect(Math.abs(share - 100)).toBeLessThan(95);
      expect(choices.every((choice) => choice.kind === 'side' && choice.newKey !== undefined)).toBe(true);
    }
  });
});

describe('who is recognised by what', () => {
  const sidesOf = (headers: readonly Asker['headers'][], changes: Partial<ProxySpec>) =>
    new Set(headers.map((each) => choose(each, { ...all, canary: { slot: 'green', percent: 50 } }, changes)));
  const many = Array.from({ length: 50 }, (_, user) => user);

  test('a header, whatever the cookies say', () => {
    const sticky = { by: 'header', name: 'X-User' } as const;
    expect(
      sidesOf(
        many.map((user) => ({ 'x-user': 'one', cookie: `bg_bucket=${user}` })),
        { sticky },
      ).size,
    ).toBe(1);
    expect(
      sidesOf(
        many.map((user) => ({ 'x-user': `${user}` })),
        { sticky },
      ).size,
    ).toBe(2);
  });

  test('the address, when that is asked for or the header is missing', () => {
    for (const by of ['address', 'header'] as const)
      expect(
        sidesOf(
          many.map((user) => ({ cookie: `bg_bucket=${user}` })),
          { sticky: { by, name: 'x-user' } },
        ).size,
      ).toBe(1);
  });

  test('no user by an empty cookie: each such request is a new user', () => {
    expect(
      sidesOf(
        many.map(() => ({ cookie: 'bg_bucket=' })),
        {},
      ).size,
    ).toBe(2);
  });
});

describe('the order of the rules', () => {
  const token = { 'x-preview': 'preview-token' };
  const cookie = { cookie: 'bg_preview=preview-token; bg_bucket=user-1' };

  test.each([
    [
      'the preview goes before any share',
      token,
      { ...all, canary: { slot: 'blue' as const, percent: 100 } },
      'preview green',
    ],
    [
      'a header for a preview that is over is not quietly sent to production',
      token,
      { ...all, preview: undefined },
      'nobody',
    ],
    [
      'a cookie left over from a preview makes nobody a stranger',
      cookie,
      { ...all, canary: undefined, preview: undefined },
      'active blue',
    ],
    ['nobody is sent anywhere before the first promotion', {}, nobody, 'nobody'],
    ['a canary alone is no active side', {}, { ...nobody, canary: { slot: 'green' as const, percent: 100 } }, 'nobody'],
    ['a canary of nothing takes nobody', {}, { ...all, canary: { slot: 'green' as const, percent: 0 } }, 'active blue'],
  ])('%s', (_name, headers, routing, expected) => {
    expect(choose(headers, routing)).toBe(expected);
  });

  test('where no preview is configured its header means nothing', () => {
    expect(choose(token, { ...all, canary: undefined }, { preview: undefined })).toBe('active blue');
  });

  test('only a probe may choose its bucket', () => {
    const asks = { 'x-bluegreen-bucket': '0', cookie: `bg_bucket=${tokens[2_500]}` };
    expect(choose(asks, all)).toBe('active blue');
    expect(choose({ ...asks, 'x-bluegreen-probe': 'wrong' }, all)).toBe('active blue');
    expect(choose({ ...asks, 'x-bluegreen-probe': 'probe-nonce' }, all)).toBe('canary green');
  });
});
