import { describe, expect, it } from 'vitest';
import { noCounts, type SideCounts } from '../domain/routing.ts';
import { judge, type Verdict } from './judge.ts';

const rules = { minRequests: 50, maxErrorRate: 0.05 };

interface Part {
  readonly requests: number;
  readonly errors: number;
}

/** Users who keep their cookie, and requests that came without one. */
const side = (known: Part, drawn: Part): SideCounts => ({
  ...noCounts,
  requests: known.requests + drawn.requests,
  errors: known.errors + drawn.errors,
  drawn,
});
const part = (requests: number, errors = 0): Part => ({ requests, errors });
const none = part(0);

describe('a client that drops its cookie and draws for ever', () => {
  const healthy = { stable: side(part(900), none), canary: side(part(100), none) };
  const ill = { stable: side(part(900), none), canary: side(part(100, 20), none) };
  const few = { stable: side(part(90), none), canary: side(part(10), none) };
  const fewIll = { stable: side(part(90), none), canary: side(part(30, 10), none) };

  const withDraws = ({ stable, canary }: typeof healthy, share: number) => ({
    stable: side(part(stable.requests, stable.errors), part(9_000, 9_000 * share)),
    canary: side(part(canary.requests, canary.errors), part(1_000, 1_000 * share)),
  });

  it.each<[string, typeof healthy, number, Verdict, Verdict]>([
    ['with requests that always fail, where the release is good', healthy, 1, 'Successful', 'Successful'],
    ['with requests that fail at times, where the release is good', healthy, 0.3, 'Successful', 'Successful'],
    ['with good requests, where the release is bad', ill, 0, 'Failed', 'Failed'],
    ['with requests that always fail, where few others are seen', few, 1, 'Inconclusive', 'Inconclusive'],
    ['with good requests, where the few others meet errors', fewIll, 0, 'Inconclusive', 'Inconclusive'],
  ])('changes no verdict %s', (_, counts, share, without, withThem) => {
    expect([judge(counts, rules).verdict, judge(withDraws(counts, share), rules).verdict]).toEqual([without, withThem]);
  });

  it('is named in the sentence, and left out of its numbers', () => {
    expect(judge(withDraws(healthy, 1), rules).sentence).toBe(
      '0 of 100 requests failed on the new side (0.00 %, 0.00 % on the stable side); 1000 requests of users without a cookie are left out',
    );
  });
});

describe('users who have no cookie yet, or store none', () => {
  it.each<[string, SideCounts, SideCounts, Verdict]>([
    ['are judged where nobody else is seen: good', side(none, part(900)), side(none, part(100)), 'Successful'],
    ['are judged where nobody else is seen: bad', side(none, part(900)), side(none, part(100, 20)), 'Failed'],
    ['and are too few', side(none, part(900)), side(none, part(49, 49)), 'Inconclusive'],
    ['meet errors on both sides alike', side(none, part(900, 180)), side(none, part(100, 20)), 'Inconclusive'],
    ['meet many more errors on the new side', side(none, part(900, 90)), side(none, part(100, 50)), 'Failed'],
    ['alone are broken, beside users who are well', side(part(900), part(90)), side(part(99), part(60, 30)), 'Failed'],
    ['fail where nothing on the stable side can be compared', side(none, none), side(none, part(100, 20)), 'Failed'],
    ['of a bad client where no stable side is left', side(none, none), side(part(200), part(900, 900)), 'Successful'],
  ])('%s', (_, stable, canary, verdict) => {
    expect(judge({ stable, canary }, rules).verdict).toBe(verdict);
  });

  it('chance does not end a canary: a client that fails half of its requests, checked every second', () => {
    let seed = 42;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (let run = 0; run < 20; run += 1) {
      const [stable, canary] = [
        { requests: 0, errors: 0 },
        { requests: 0, errors: 0 },
      ];
      for (let request = 0; request < 5_000; request += 1) {
        const at = random() < 0.1 ? canary : stable;
        at.requests += 1;
        if (random() < 0.5) at.errors += 1;
        const seen = { stable: side(part(900), { ...stable }), canary: side(part(100), { ...canary }) };
        if (request % 20 === 0) expect(judge(seen, rules).verdict).toBe('Successful');
      }
    }
  });
});

describe('clients', () => {
  interface Asked {
    readonly requests: number;
    readonly errors?: number;
  }
  /** What the counters would say of these clients, all within one minute. */
  const sideOf = (clients: readonly Asked[]): SideCounts => {
    const counts = clients.map(({ requests, errors = 0 }) => ({ requests, errors }));
    const failing = counts.filter(({ errors }) => errors > 0);
    const sum = (pick: (each: Required<Asked>) => number) => counts.reduce((total, each) => total + pick(each), 0);
    const known = {
      minutes: counts.length,
      errors: failing.length,
      worstRepeats: Math.max(0, ...failing.map(({ errors }) => errors - 1)),
      seen: counts.length,
      failing: failing.length,
      busiest: Math.max(0, ...counts.map(({ requests }) => requests)),
    };
    const drawn = { minutes: 0, errors: 0, worstRepeats: 0, seen: 0, failing: 0, busiest: 0 };
    return {
      ...noCounts,
      requests: sum(({ requests }) => requests),
      errors: sum(({ errors }) => errors),
      clients: { known, drawn },
    };
  };
  const many = (count: number, each: Asked) => Array.from({ length: count }, () => each);
  const healthy = sideOf(many(90, { requests: 10 }));
  const verdict = (canary: readonly Asked[], stable = healthy) =>
    judge({ stable, canary: sideOf(canary) }, rules).verdict;

  it.each<[string, readonly Asked[], Verdict]>([
    [
      'one of many cannot condemn a release',
      [...many(10, { requests: 10 }), { requests: 300, errors: 300 }],
      'Successful',
    ],
    ['one of a few cannot either', [...many(3, { requests: 20 }), { requests: 300, errors: 300 }], 'Successful'],
    ['one that is alone there leaves it open', many(1, { requests: 300, errors: 300 }), 'Inconclusive'],
    ['all of many condemn it', many(20, { requests: 5, errors: 5 }), 'Failed'],
    ['all of three condemn it', many(3, { requests: 60, errors: 60 }), 'Failed'],
    ['that ask often and meet 8 % errors condemn it', many(10, { requests: 60, errors: 5 }), 'Failed'],
    [
      'two of a hundred that meet all errors leave it open',
      [...many(98, { requests: 5 }), ...many(2, { requests: 200, errors: 200 })],
      'Inconclusive',
    ],
    ['one cannot clear a release where others are hardly seen', [{ requests: 900 }, { requests: 3 }], 'Inconclusive'],
    ['one may make most requests where others are seen', [{ requests: 900 }, { requests: 5 }], 'Successful'],
    ['one that is alone there can clear it', many(1, { requests: 60 }), 'Successful'],
    ['that are well are many', many(50, { requests: 1 }), 'Successful'],
  ])('%s', (_, canary, expected) => {
    expect(verdict(canary)).toBe(expected);
  });

  it('count as one where each side has one at most: the verdict says so', () => {
    const monitor = sideOf(many(1, { requests: 60 }));
    expect(judge({ stable: monitor, canary: monitor }, rules).sentence).toBe(
      '0 of 60 requests failed on the new side (0.00 %, 0.00 % on the stable side); all requests are those of one client',
    );
    expect(verdict(many(1, { requests: 60, errors: 30 }), monitor)).toBe('Failed');
  });

  it('with repeated errors are named with both numbers', () => {
    const canary = sideOf([...many(10, { requests: 10 }), { requests: 300, errors: 300 }]);
    expect(judge({ stable: healthy, canary }, rules).sentence).toBe(
      '1 of 101 requests failed on the new side (0.99 %, 0.00 % on the stable side); 300 of 400 with each client’s repeated errors',
    );
  });
});
