import type { ProxySpec, Routing } from '@bg/engine';
import { describe, expect, test } from 'vitest';
import { type Asker, bucketOfKey, bucketsInAll, chooseSide, secretsOf } from './choose-side.ts';
import { specIn } from './testing/fixture.ts';

const spec: ProxySpec = specIn('/tmp', 8_080, 8_081);
const nobody: Routing = { generation: 0, active: undefined, canary: undefined, preview: undefined };
const all: Routing = { generation: 1, active: 'blue', canary: { slot: 'green', percent: 25 }, preview: 'green' };

function choose(headers: Asker['headers'], routing: Routing, changes: Partial<ProxySpec> = {}): string {
  const present = { ...spec, ...changes };
  const choice = chooseSide({ headers, address: '203.0.113.7' }, routing, present, secretsOf(present));
  return choice.kind === 'nobody' ? 'nobody' : `${choice.route} ${choice.slot}`;
}

describe('buckets', () => {
  test('are filled evenly by a hundred thousand users', () => {
    const tenths = Array<number>(10).fill(0);
    for (let user = 0; user < 100_000; user++) {
      const tenth = Math.floor(bucketOfKey(`user-${user}`) / (bucketsInAll / 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // Five standard deviations of a binomial distribution with n = 100,000 and p = 0.1.
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 95);
  });

  test('keep everybody who was with the canary when its share grows, step by step to 100 %', () => {
    const users = Array.from({ length: 500 }, (_, user) => ({ cookie: `bg_bucket=user-${user}` }));
    let before = new Set<string>();
    for (const percent of [0, 0.5, 1, 5, 10, 20, 50, 99, 100]) {
      const routing: Routing = { ...all, canary: { slot: 'green', percent } };
      const now = new Set(users.filter((user) => choose(user, routing) === 'canary green').map(({ cookie }) => cookie));
      expect([...before].filter((user) => !now.has(user))).toEqual([]);
      before = now;
    }
    expect(before.size).toBe(users.length);
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

  test('nobody by an empty cookie: each such request is a new user', () => {
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
    const asks = { 'x-bluegreen-bucket': '0', cookie: `bg_bucket=${keyAbove(2_500)}` };
    expect(choose(asks, all)).toBe('active blue');
    expect(choose({ ...asks, 'x-bluegreen-probe': 'wrong' }, all)).toBe('active blue');
    expect(choose({ ...asks, 'x-bluegreen-probe': 'probe-nonce' }, all)).toBe('canary green');
  });
});

function keyAbove(bucket: number): string {
  const key = Array.from({ length: 100 }, (_, user) => `user-${user}`).find((each) => bucketOfKey(each) >= bucket);
  if (key === undefined) throw new Error('a hundred keys are all below the bucket');
  return key;
}
