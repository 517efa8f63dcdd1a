import { expect, it } from 'vitest';
import { fivePercent } from './support/judged.ts';

it('a release with 5 % errors is taken back by itself, under load on nginx', { timeout: 300_000 }, async () => {
  const { outcome, sentence, harmed, seconds, fixedRule } = await fivePercent('nginx');
  console.log(`judge: ${harmed} harmed requests in ${seconds.toFixed(1)} s; a fixed 5 % rule: ${fixedRule}`);
  expect(outcome).toBe('canary-failed');
  expect(sentence).toContain('requests fail');
  expect(harmed).toBeGreaterThan(0);
});
