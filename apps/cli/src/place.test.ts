import { describe, expect, it } from 'vitest';
import { checkOrder, readPlace, readSlot, readVersion } from './place.ts';

describe('the words of a command', () => {
  it('reads a place as a word, as options, or as both when they agree', () => {
    expect(readPlace('shop/staging', {})).toEqual({ service: 'shop', target: 'staging' });
    expect(readPlace(undefined, { service: 'shop', target: 'staging' })).toEqual({
      service: 'shop',
      target: 'staging',
    });
    expect(readPlace('shop', { service: 'shop', target: 'staging' })).toEqual({ service: 'shop', target: 'staging' });
  });

  it('does not choose between two places', () => {
    expect(() => readPlace('shop', { service: 'blog' })).toThrow(
      'The service is given twice: "shop" and --service "blog".',
    );
  });

  it.each(['a/b/c', '/x', 'x/'])('refuses the place %j', (word) => {
    expect(() => readPlace(word, {})).toThrow(`"${word}" is no place`);
  });

  it('shows the nearest correct form when the service comes first', () => {
    const words = { command: 'bg deploy', version: 'shop', place: 'v2.1', services: ['shop'] };
    expect(() => checkOrder(words)).toThrow('Did you mean: bg deploy v2.1 shop');
    expect(() => checkOrder({ ...words, version: 'shop/staging' })).toThrow(
      'Did you mean: bg deploy v2.1 shop/staging',
    );
  });

  it('says that the version is missing when only a service was given', () => {
    const words = { command: 'bg deploy', version: 'shop', place: undefined, services: ['shop'] };
    expect(() => checkOrder(words)).toThrow('bg deploy <version> shop');
  });

  it('lets words in order pass, also for a place that only the engine can judge', () => {
    expect(() =>
      checkOrder({ command: 'bg deploy', version: 'v2.1', place: 'shpo', services: ['shop'] }),
    ).not.toThrow();
  });

  it.each(['', '-v', 'v 2', 'v2;rm', `v${'2'.repeat(64)}`, '../v2'])('refuses the version %j', (word) => {
    expect(() => readVersion(word)).toThrow('is no version');
  });

  it('puts a slot in front that was written behind the version', () => {
    expect(() => readSlot('bg start', 'v2.1', ['green', 'shop'])).toThrow('Did you mean: bg start green v2.1 shop');
    expect(readSlot('bg start', 'green', ['v2.1'])).toBe('green');
  });

  it('makes nothing up when there is no slot at all', () => {
    expect(() => readSlot('bg stop', 'red')).toThrow(/^"red" is no slot: a slot is blue or green\.$/);
  });
});
