import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withApproval = (text: string) => edited(['    channel', `    approval: ${text}\n    channel`]);

it.each([
  [
    '{ onTimeout: promote }',
    /approval\.onTimeout: expected one of abort, hold, rollback, since an approval is required wherever one is asked for: to go on without one, leave `approval` out of the canary step and give it `watch`/,
  ],
  ['{ onTimeout: proceed }', /approval\.onTimeout: expected one of abort, hold, rollback(?!, since)/],
  [
    '{ afterPromotion: true }',
    /approval\.afterPromotion: asks when all users have the release, so it needs onTimeout: rollback, .*found abort/,
  ],
  ['{ afterPromotion: true, onTimeout: hold }', /approval\.afterPromotion: .*found hold/],
])('%s is refused with what to do', (text, problem) => {
  expect(bench.problems(withApproval(text)).join('\n')).toMatch(problem);
});

it('takes rollback, and changes the digest only where something is set', () => {
  const settingsOf = (text: string) => bench.check(text).settings;
  const asked = settingsOf(withApproval('{ onTimeout: rollback, afterPromotion: true, approvers: ["group:S0OPS"] }'));
  expect(asked?.targets[0]?.approval).toMatchObject({ onTimeout: 'rollback', afterPromotion: true });
  expect(settingsOf(withApproval('{ onTimeout: abort, afterPromotion: false }'))?.digest).toBe(
    settingsOf(smallConfig)?.digest,
  );
});
