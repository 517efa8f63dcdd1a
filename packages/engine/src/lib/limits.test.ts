import { describe, expect, it } from 'vitest';
import { createAllowance, createGuests, createRoom } from './limits.ts';
import { createTrust, isNetwork, sourceOf } from './source.ts';

describe('an allowance', () => {
  const options = { burst: 3, perSecond: 1, mostSources: 2 };

  it('lets a burst through, then one at a time, and says how long to wait', () => {
    const allowance = createAllowance(options);
    expect([0, 0, 0, 0].map((now) => allowance.spend('a', now))).toEqual([0, 0, 0, 1000]);
    expect(allowance.wait('a', 400)).toBe(600);
    expect([1000, 1000, 1500].map((now) => allowance.spend('a', now))).toEqual([0, 1000, 500]);
    expect(allowance.spend('b', 0)).toBe(0);
  });

  it('gives a source that was quiet its burst again, and no more', () => {
    const allowance = createAllowance(options);
    for (let times = 0; times < 10; times += 1) allowance.spend('a', 0);
    expect([1, 2, 3, 4].map(() => allowance.spend('a', 3_600_000))).toEqual([0, 0, 0, 1000]);
  });

  it('forgets the source that was quiet for the longest, and not one that goes on', () => {
    const allowance = createAllowance(options);
    for (const source of ['busy', 'busy', 'busy', 'old', 'busy', 'new']) allowance.spend(source, 0);
    expect(allowance.wait('busy', 0)).toBe(1000);
    for (let number = 0; number < 10; number += 1) allowance.spend(`flood ${number}`, 0);
    expect(allowance.wait('busy', 0)).toBe(0);
  });
});

it('a room gives a place back once, however often it is left', () => {
  const room = createRoom(10);
  const leave = room.enter(6);
  expect(room.enter(6)).toBeUndefined();
  expect(room.enter(4)).toBeDefined();
  leave?.();
  leave?.();
  expect(room.enter(7)).toBeUndefined();
  expect(room.enter(6)).toBeDefined();
});

it('guests of one source are limited, which does not affect the other sources', () => {
  const guests = createGuests(2);
  expect(['a', 'a', 'a', 'b'].map((source) => guests.come(source))).toEqual([true, true, false, true]);
  guests.leave('a');
  expect([guests.come('a'), guests.come('a')]).toEqual([true, false]);
});

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:a:b:c:d', '2001:db8:0:1::/64'],
    ['2001:DB8::5', '2001:db8:0:0::/64'],
    ['2001:db8:1::2:3:4:5', '2001:db8:1:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['<script>', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is counted as %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });

  it('that is a trusted proxy is one of the networks that were named', () => {
    const isTrusted = createTrust(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'loopback']);
    const asked = ['10.1.2.3', '192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1', '127.9.9.9', '::1'];
    expect(asked.map(isTrusted)).toEqual(asked.map(() => true));
    expect(['11.0.0.1', '192.0.2.8', '2001:db9::1', 'x', undefined].map(isTrusted)).toEqual(Array(5).fill(false));
    expect(createTrust([])('127.0.0.1')).toBe(false);
  });

  it('is no network when it is misspelled', () => {
    expect(['loopback', '10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'].map(isNetwork)).toEqual(Array(5).fill(true));
    const wrong = [
      '',
      'localhost',
      '10.0.0',
      '10.0.0.0/0',
      '10.0.0.0/33',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      '::/129',
      '0.0.0.0/x',
    ];
    expect(wrong.filter(isNetwork)).toEqual([]);
  });
});
