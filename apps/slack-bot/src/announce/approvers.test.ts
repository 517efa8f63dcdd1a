// Approvers are written to when they are needed, with a link to the card, and the message says later that it is decided.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Flow, startFlow } from '../../../../packages/engine/src/testing/flow.ts';
import { createFlowBot, type FlowBot } from '../testing/flow-bot.ts';

let flow: Flow;
let slack: FlowBot;
let id: string;
beforeEach(async () => {
  flow = await startFlow({ options: '\n    canary: [{ percent: 10, approval: true }]\n    bake: 5s' });
  slack = createFlowBot(flow);
  flow.balancers.busy('green', { requests: 1_000 });
  flow.balancers.busy('blue', { requests: 1_000 });
  await flow.finishWithPeople(flow.ask('v1'));
  await slack.messages();
  id = flow.ask('v2');
  await flow.at(id, 'await-approval');
});
afterEach(() => flow.close());

const written = async (): Promise<readonly (readonly [string, string])[]> =>
  [...(await slack.messages())].flatMap(([key, { text }]) => {
    const user = key.startsWith(`approval:${id}`) ? key.split(':').at(-1) : undefined;
    return user === undefined ? [] : [[user, text] as const];
  });

test('each approver but the requester gets one message with a link to the card', { timeout: 60_000 }, async () => {
  const all = await written();
  expect(all.map(([user]) => user).toSorted()).toEqual(['U0BOB', 'U0CAROL']);
  for (const [, text] of all) expect(text).toMatch(/shop v2 needs your approval\.\*.*\|Open the card>/s);
});

test('it is edited when a person decides, for those too who did not', { timeout: 60_000 }, async () => {
  await written();
  await flow.finishWithPeople(id);
  const all = await written();
  expect(all).toHaveLength(2);
  for (const [, text] of all) expect(text).toMatch(/needs your approval no more: .*It is live now\./);
});

test('the thread says what people decide, and not each step and not the time', { timeout: 60_000 }, async () => {
  await flow.finishWithPeople(id);
  const lines = [...(await slack.messages())].filter(([key]) => key.startsWith('line:')).map(([, { text }]) => text);
  const ofV2 = lines.filter((text) => text.includes('v2'));
  expect(ofV2.length).toBeLessThanOrEqual(4);
  expect(ofV2.some((text) => text.includes('approves v2'))).toBe(true);
  expect(lines.join()).not.toContain('<!date');
});
