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
