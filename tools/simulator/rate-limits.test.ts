// Limits that strike as Slack documents them: per method, for posting per channel, with the seconds to wait.
import { expect, test } from 'vitest';
import { createRateLimits } from './rate-limits.ts';

test('posting is limited per channel, updates all together, and time opens both again', () => {
  let now = 0;
  const limits = createRateLimits({ now: () => now, advance: () => {} });
  const refusedOf = (method: string, channel: string, times: number): number =>
    Array.from({ length: times }, () => limits.exceeded(method, channel)).filter((wait) => wait !== undefined).length;
  expect(refusedOf('chat.postMessage', 'C1', 9)).toBe(1);
  expect(limits.exceeded('chat.postMessage', 'C1')).toBe(5);
  expect(refusedOf('chat.postMessage', 'C2', 8)).toBe(0);
  expect(refusedOf('chat.update', 'C1', 30) + refusedOf('chat.update', 'C2', 25)).toBe(5);
  expect(refusedOf('auth.test', '', 500)).toBe(0);
  now = 5000;
  expect(limits.exceeded('chat.postMessage', 'C1')).toBeUndefined();
  expect(limits.exceeded('chat.update', 'C1')).toBe(55);
});
