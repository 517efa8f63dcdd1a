import type { Clock } from '@bg/engine';
import { expect, test } from 'vitest';
import { createBuckets } from './buckets.ts';

function standingClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async () => {},
    advance: (ms) => {
      now += ms;
    },
  };
}

test('all updates together stay below fifty in any minute', () => {
  const clock = standingClock();
  const buckets = createBuckets(clock);
  const takenAt: number[] = [];
  for (let step = 0; step < 1800; step += 1) {
    if (buckets.take('chat.update')) takenAt.push(clock.now());
    clock.advance(100);
  }
  for (const start of takenAt) {
    const within = takenAt.filter((at) => at >= start && at < start + 60_000).length;
    expect(within).toBeLessThanOrEqual(50);
  }
  expect(takenAt.length).toBeGreaterThan(130);
});

test('each channel has its own second, and a closed method closes no other', () => {
  const clock = standingClock();
  const buckets = createBuckets(clock);
  const burst = (channel: string) => [1, 2, 3].map(() => buckets.take('chat.postMessage', channel));
  expect(burst('C1')).toEqual([true, true, false]);
  expect(burst('C2')).toEqual([true, true, false]);
  clock.advance(1000);
  expect(burst('C1')).toEqual([true, false, false]);
  buckets.closeFor('chat.postMessage', 5000);
  clock.advance(4999);
  expect(buckets.take('chat.postMessage', 'C3')).toBe(false);
  expect(buckets.take('chat.update')).toBe(true);
  clock.advance(1);
  expect(buckets.take('chat.postMessage', 'C3')).toBe(true);
});

test('Slack closes one channel: others go on; it closes a second one: the limit is that of the workspace', () => {
  const clock = standingClock();
  const buckets = createBuckets(clock);
  buckets.closeFor('chat.postMessage', 5000, 'C1');
  expect(buckets.take('chat.postMessage', 'C1')).toBe(false);
  expect(buckets.take('chat.postMessage', 'D1')).toBe(true);
  buckets.closeFor('chat.postMessage', 5000, 'D1');
  expect(buckets.take('chat.postMessage', 'C2')).toBe(false);
  expect(buckets.take('chat.update')).toBe(true);
  clock.advance(5000);
  for (const channel of ['C1', 'D1', 'C2']) expect(buckets.take('chat.postMessage', channel)).toBe(true);
});
