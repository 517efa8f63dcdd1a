// Under load on both balancers that have their own program. Short: judged.test.ts.

import { describe, expect, it } from 'vitest';
import { comparison, fivePercent, healthy, unvisited } from './support/judged.ts';

describe.each(['nginx', 'haproxy'] as const)('the judge decides by itself on %s', { timeout: 600_000 }, (balancer) => {
  it('takes a release with 5 % errors back', async () => {
    const { outcome, sentence, harmed, text } = await fivePercent(balancer);
    console.log(`${balancer}: ${text}`);
    expect(outcome).toBe('canary-failed');
    expect(sentence).toMatch(comparison);
    expect(harmed).toBeGreaterThan(0);
  });

  it('promotes the live release once more, since it is no worse', async () => {
    const { outcome, text } = await healthy(balancer);
    console.log(`${balancer}: ${text}`);
    expect(outcome, text).toBe('promoted');
  });

  it('waits for users who do not come, and asks', async () => {
    const { percent, sentence } = await unvisited(balancer);
    expect(percent).toBe(10);
    expect(sentence).toMatch(/^asks what to do with v2\.1, which is paused: still not enough to judge/);
  });
});
