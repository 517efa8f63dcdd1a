// The status: every target is on a page of it, and a side that is not well says so in words.

import { expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { slot, targetView } from '../testing/target-views.ts';
import { readStatusPage } from './pages.ts';
import { mentionFormatter } from './people-formatter.ts';
import { statusCard, targetCard } from './status-card.ts';

const idle = slot({ slot: 'green', role: 'idle', version: undefined });
const nothingElse = { at: 0, driver: 'test', warnings: [] };

test('every target is on a page of the status', () => {
  const targets = Array.from({ length: 40 }, (_, at) => targetView({ name: `shop-${at}` }));
  const pages = [0, 1, 2, 3].map((page) =>
    statusCard({ targets, ...nothingElse }, mentionFormatter([]), { page, service: 'shop' }),
  );
  for (const { blocks } of pages) expect(checkBlocks(blocks, 'message')).toMatchObject({ ok: true });
  const text = JSON.stringify(pages);
  for (const { name } of targets) expect(text.split(`*${name}*`)).toHaveLength(2);
  expect(JSON.stringify(pages[1])).toContain('"value":"2:shop"');
  expect(readStatusPage('2:shop')).toEqual({ index: 2, service: 'shop' });
  expect(readStatusPage('-1:../x')).toEqual({ index: 0, service: undefined });
});

test.each([
  ['degraded', 'shop runs v2.0 (degraded)', '🟡 blue', 'degraded, it still serves users: cache is failed'],
  ['unhealthy', 'shop runs v2.0 (unhealthy)', '🔴 blue', 'unhealthy: cache is failed'],
] as const)('a live side that is %s says so, in the text too', (health, text, sign, words) => {
  const live = slot({ health, healthProblem: 'cache is failed' });
  const drawn = targetCard(targetView({ slots: [live, idle], live: undefined }), nothingElse, mentionFormatter([]));
  expect(drawn.text).toBe(`${text}.`);
  const blocks = JSON.stringify(drawn.blocks);
  expect(blocks).toContain(sign);
  expect(blocks).toContain(words);
});

test('a side with several instances says how many of them are healthy', () => {
  const instances = [1, 2, 3].map((instance) => ({ instance, pid: instance, running: true, healthy: instance < 3 }));
  const view = targetView({ slots: [slot({ instances }), idle], live: undefined });
  expect(JSON.stringify(targetCard(view, nothingElse, mentionFormatter([])).blocks)).toContain('2 of 3 instances');
});

test('the last run of the continuous smoke tests is shown, and a failed one with its reason', () => {
  const smoke = {
    condition: 'failing',
    passed: 1,
    of: 2,
    ms: 12,
    at: 0,
    problem: 'smoke test "x": got <500>',
  } as const;
  const standby = slot({ slot: 'green', role: 'standby', smoke: { ...smoke, passed: 2, problem: undefined } });
  const drawn = targetCard(targetView({ slots: [slot({ smoke }), standby] }), nothingElse, mentionFormatter([]));
  expect(checkBlocks(drawn.blocks, 'message')).toMatchObject({ ok: true });
  const blocks = JSON.stringify(drawn.blocks);
  expect(blocks).toMatch(/🔴 smoke tests 1 of 2 at <!date.*?>: smoke test .*?&lt;500&gt;/);
  expect(blocks).toContain('smoke tests 2 of 2 at <!date');
});

test('a standby that is degraded serves no users', () => {
  const standby = slot({ slot: 'green', role: 'standby', health: 'degraded', healthProblem: 'cache is failed' });
  const drawn = targetCard(targetView({ slots: [slot({}), standby] }), nothingElse, mentionFormatter([]));
  expect(JSON.stringify(drawn.blocks)).toContain('degraded: cache is failed');
});
