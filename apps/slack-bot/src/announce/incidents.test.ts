// A live release that crashes again and again: one message that counts, calls the people on call, and ends once.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { superviseSlot } from '../../../../packages/engine/src/orchestrator/controller/slot-health.ts';
import { type Flow, startFlow } from '../../../../packages/engine/src/testing/flow.ts';
import type { Card } from '../cards/blocks.ts';
import { buttonValue, createFlowBot, type FlowBot } from '../testing/flow-bot.ts';
import { quietMs } from './incidents.ts';

let flow: Flow;
let slack: FlowBot;
beforeEach(async () => {
  flow = await startFlow({ options: '\n    canary: []\n    bake: 5s', file: '\nslack: { onCall: [bob] }' });
  slack = createFlowBot(flow);
  await flow.live('v1');
  await flow.live('v2');
  await slack.messages();
});
afterEach(() => flow.close());

const place = { service: 'shop', target: 'production', slot: 'green' } as const;

/** The process ends, and a check sees it and starts it again. */
async function crash(): Promise<void> {
  const { core, target, lease } = flow.process();
  await flow.environments.crash(place);
  for (let looks = 0; looks < 2; looks += 1) {
    await flow.passing(
      superviseSlot({ core, target, lease: lease(), slot: place.slot, signal: new AbortController().signal }),
    );
    flow.clock.advance(60_000);
  }
}

/** Every message about an incident, but not what is in its thread. */
const incidents = async (): Promise<readonly Card[]> =>
  [...(await slack.messages())].filter(([key]) => /^incident:[^:]*:\d+$/.test(key)).map(([, card]) => card);
const replies = async (): Promise<readonly string[]> =>
  [...(await slack.messages())].filter(([key]) => /^incident:[^:]*:\d+:/.test(key)).map(([, { text }]) => text);
const cardOfV2 = async (): Promise<string> =>
  [...(await slack.messages()).values()]
    .filter(({ blocks: [first] }) => first?.type === 'header' && first.text.text.includes('shop v2'))
    .map((card) => JSON.stringify(card))
    .filter((text) => text.includes('about:'))
    .join();

test('four crashes are one message, which counts them and calls who is on call', { timeout: 60_000 }, async () => {
  await crash();
  const [first] = await incidents();
  expect(first?.text).toMatch(/shop v2 crash.*1 crash/);
  expect(JSON.stringify(first)).toContain('On call: <@U0BOB>');
  expect(JSON.stringify(first)).not.toContain('U0ALICE');
  expect(JSON.stringify(first)).toContain('Users get v2.');
  expect(buttonValue(first!, 'rollback')).toBeDefined();
  for (let more = 0; more < 3; more += 1) await crash();
  const all = await incidents();
  expect(all).toHaveLength(1);
  expect(all[0]?.text).toMatch(/4 crashes in \d+ min/);
  expect(await cardOfV2()).toMatch(/🚨 shop v2 · live, in trouble.*4 crashes/);
  const notes = [...(await slack.messages()).keys()].filter((key) => key.startsWith('note:'));
  expect(notes).toEqual([]);
});

test('it ends once, ten minutes after it was well last, and the next crash is another incident', {
  timeout: 60_000,
}, async () => {
  await crash();
  expect((await incidents())[0]?.text).not.toMatch(/stable again/);
  flow.clock.advance(quietMs);
  expect((await incidents())[0]?.text).toMatch(/shop v2 is stable again\. 1 crash/);
  flow.clock.advance(quietMs);
  expect(await replies()).toEqual([expect.stringMatching(/^✅ Over: shop v2 is stable again\. 1 crash/)]);
  expect(await cardOfV2()).toContain('🟢 shop v2 · live');
  await crash();
  expect(await incidents()).toHaveLength(2);
});

test('a release that is rolled back ends its incident: it has no users any more', { timeout: 60_000 }, async () => {
  await crash();
  await incidents();
  const back = flow.people.rollback({ actor: { kind: 'person', id: 'alice', door: 'slack' } });
  if (!back.ok) throw new Error(back.refusal.sentence);
  await flow.finish(back.value.id);
  await incidents();
  expect((await incidents())[0]?.text).toMatch(/shop v2 (has no users any more|was replaced)/);
  expect(await replies()).toHaveLength(1);
});

test('a row that is read twice counts once', { timeout: 60_000 }, async () => {
  await crash();
  const [before] = await incidents();
  flow.people.moveCursor('slack', 0);
  const [after] = await incidents();
  expect(after?.text).toBe(before?.text);
});
