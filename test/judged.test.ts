// The judge decides by itself under load. Both balancers, and a release without users: judged.hostile.ts.

import { expect, it } from 'vitest';
import { comparison, fivePercent } from './support/judged.ts';

it('a release with 5 % errors is taken back by itself, under load on nginx', { timeout: 600_000 }, async () => {
  const { outcome, sentence, harmed, text } = await fivePercent('nginx');
  console.log(`nginx: ${text}`);
  expect(outcome).toBe('canary-failed');
  expect(sentence).toMatch(comparison);
  expect(harmed).toBeGreaterThan(0);
});
