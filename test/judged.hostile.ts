// Under load on both balancers that have their own program. Short: judged.test.ts.

import { describe, expect, it } from 'vitest';
import { fivePercent, healthy, unvisited } from './support/judged.ts';

describe.each(['nginx', 'haproxy'] as const)('the judge decides by itself on %s', (balancer) => {
  it('takes a release with 5 % errors back', async () => {
    const { outcome, harmed, seconds, fixedRule } = await fivePercent(balancer);
    console.log(`${balancer}: ${harmed} harmed requests in ${seconds.toFixed(1)} s; a fixed 5 % rule: ${fixedRule}`);
    expect(outcome).toBe('canary-failed');
  });

  it('promotes a healthy release', async () => {
    expect(await healthy(balancer)).toBe('promoted');
  });

  it('waits for users who do not come, and asks', async () => {
    const [percent, sentence] = await unvisited(balancer);
    expect(percent).toBe(10);
    expect(sentence).toMatch(/^asks what to do with v2\.1, which is paused: still not enough to judge/);
  });
});
