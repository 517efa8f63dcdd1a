import { describe, expect, it } from 'vitest';
import { parseDuration, parseListen, parsePercentage, parseSize } from './units.ts';

describe('amounts as people write them', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    ['512B', 512],
    ['1KB', 1024],
    ['64MB', 67_108_864],
    ['1GB', 1_073_741_824],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each([
    ['5%', 0.05],
    ['0.5%', 0.005],
    ['100%', 1],
  ])('%s is %d', (text, rate) => expect(parsePercentage(text)).toBeCloseTo(rate, 10));

  it.each([
    [8080, { host: '127.0.0.1', port: 8080 }],
    ['8080', { host: '127.0.0.1', port: 8080 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['shop.local:8080', { host: 'shop.local', port: 8080 }],
  ])('%s is an address', (text, address) => expect(parseListen(text)).toEqual(address));

  it.each(['', '5', 's', '5 m', '-5s', '5x', '5toString'])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrow(RangeError);
  });
});
