// A card that says "live" after the release was replaced is wrong for ever: the cards of a target say what became of them.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Flow, startFlow } from '../../../../packages/engine/src/testing/flow.ts';
import { liveEnd } from '../cards/live-end.ts';
import { createFlowBot, type FlowBot } from '../testing/flow-bot.ts';
import { everyView, noon, view } from '../testing/views.ts';

let flow: Flow;
let slack: FlowBot;
beforeEach(async () => {
  flow = await startFlow({ options: '\n    canary: []\n    bake: 5s' });
  slack = createFlowBot(flow);
});
afterEach(() => flow.close());

const ids = (): readonly string[] => {
  const found = flow.people.history({}, 10);
  return found.ok ? found.value.map(({ id }) => id).toReversed() : [];
};
const cardOf = async (index: number) => (await slack.messages()).get(`card:${ids()[index]}`);
const headerOf = async (index: number): Promise<string | undefined> => {
  const [first] = (await cardOf(index))?.blocks ?? [];
  return first?.type === 'header' ? first.text.text : undefined;
};

test('a release that is replaced and then rolled back to says so on each of its cards', {
  timeout: 60_000,
}, async () => {
  await flow.live('v1');
  await slack.messages();
  expect(await headerOf(0)).toBe('🟢 shop v1 · live');
  await flow.live('v2');
  expect(await headerOf(0)).toBe('⚪ shop v1 · replaced by v2');
  expect(JSON.stringify(await cardOf(0))).toMatch(/Was live until <!date.*, replaced by v2\./);
  expect((await cardOf(0))?.text).toMatch(/^shop v1: replaced by v2\./);
  expect(await headerOf(1)).toBe('🟢 shop v2 · live');
  const back = flow.people.rollback({ actor: { kind: 'person', id: 'alice', door: 'slack' } });
  if (!back.ok) throw new Error(back.refusal.sentence);
  await flow.finish(back.value.id);
  expect(await headerOf(1)).toMatch(/^↩.* shop v2 · rolled back to v1$/);
  expect(await headerOf(0)).toBe('⚪ shop v1 · replaced by v2');
  expect((await headerOf(2))?.startsWith('🟢')).toBe(true);
});

test('of a history, one row is live', { timeout: 60_000 }, async () => {
  for (const version of ['v1', 'v2', 'v3']) await flow.live(version);
  const shown = JSON.stringify(await slack.deploy('history', 'U0ALICE'));
  expect(shown.match(/🟢/g)).toHaveLength(1);
  expect(shown).toMatch(/shop v3, live.*shop v2, replaced by v3.*shop v1, replaced by v2/);
});

test('a load balancer that sends users elsewhere ends what a card says, and a failed release ends nothing', () => {
  const live = everyView.promoted!;
  expect(liveEnd(live, [live], 'v2.1')).toBeUndefined();
  expect(liveEnd(live, [live], undefined)).toBeUndefined();
  expect(liveEnd(live, [live], 'v9')).toEqual({ kind: 'elsewhere', version: 'v9', at: undefined });
  const failed = { ...everyView.failed!, id: 'dep_2', version: 'v2.2' };
  expect(liveEnd(live, [failed, live], 'v2.1')).toBeUndefined();
  expect(liveEnd(failed, [failed, live], 'v2.1')).toBeUndefined();
});

test('a release is replaced as soon as all users have the next one, and is live again when that is taken back', () => {
  const live = everyView.promoted!;
  const next = view({ id: 'dep_2', version: 'v2.2', percent: 100, waitsFor: 'time' });
  expect(liveEnd(live, [next, live], 'v2.2')).toEqual({ kind: 'replaced', version: 'v2.2', at: undefined });
  const outcome = { kind: 'rolled-back', code: 'rolled-back', sentence: '', actor: 'engine', at: noon } as const;
  expect(liveEnd(live, [{ ...next, percent: 0, outcome }, live], 'v2.1')).toBeUndefined();
});
