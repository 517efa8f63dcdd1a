import { describe, expect, test } from 'vitest';
import { bucketOfName, bucketsInAll, bucketToken, bucketTokens } from './buckets.ts';
import { endToEndHeaders, hopByHopHeaders, withoutPreviewToken } from './header-rules.ts';

const preview = { token: 'preview-token-123', host: 'preview.example.com' };

describe('the preview token', () => {
  test.each([
    ['https://preview-token-123.preview.example.com/cart?a=1', 'https://preview.example.com/cart?a=1'],
    ['https://PREVIEW-TOKEN-123.Preview.Example.com:8443', 'https://preview.example.com:8443'],
    ['preview-token-123.preview.example.com.', 'preview.example.com'],
    ['preview-token-123.preview.example.com.:8080', 'preview.example.com:8080'],
    [
      'for=10.0.0.1;host="preview-token-123.preview.example.com";proto=https',
      'for=10.0.0.1;host="preview.example.com";proto=https',
    ],
    ['a.example, wrong-token.preview.example.com', 'a.example, preview.example.com'],
    ['https://shop.example/?token=preview-token-123', undefined],
    ['https://other.example/preview.example.com', 'https://other.example/preview.example.com'],
    ['https://x.preview.example.community/', 'https://x.preview.example.community/'],
    ['text/html', 'text/html'],
  ])('is taken out of %s', (value, expected) => {
    expect(withoutPreviewToken(value, preview)).toBe(expected);
  });

  test('costs time that grows with the length only', () => {
    const long = `${'a.'.repeat(50_000)}preview.example.com`;
    const began = performance.now();
    withoutPreviewToken(long, preview);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

test('no header belongs to one connection and to both ends', () => {
  expect(hopByHopHeaders.filter((name) => endToEndHeaders.includes(name))).toEqual([]);
});

describe('buckets', () => {
  test('have a token each, which another target does not share', () => {
    const tokens = bucketTokens('secret of one target');
    expect(new Set(tokens).size).toBe(bucketsInAll);
    expect(tokens[4]).toMatch(/^[0-9a-f]{24}$/);
    expect(bucketToken('secret of one target', 4)).toBe(tokens[4]);
    expect(bucketToken('secret of another', 4)).not.toBe(tokens[4]);
  });

  test('are filled evenly by names, and differently for each target', () => {
    const tenths = Array<number>(10).fill(0);
    for (let user = 0; user < 100_000; user++) {
      const tenth = Math.floor(bucketOfName('secret', `user-${user}`) / (bucketsInAll / 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // Five standard deviations of a binomial distribution with n = 100,000 and p = 0.1.
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 95);
    expect(bucketOfName('secret', 'user-1')).not.toBe(bucketOfName('other secret', 'user-1'));
  });
});
