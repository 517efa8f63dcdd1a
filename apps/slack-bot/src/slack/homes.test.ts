// The Home tab as a console: buttons for each target, and it follows what happens while people look at it.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Flow, startFlow } from '../../../../packages/engine/src/testing/flow.ts';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { handleClick } from '../buttons/handle-click.ts';
import { submitLock } from '../modals/submissions.ts';
import { buttonValue, createFlowBot, type FlowBot } from '../testing/flow-bot.ts';
import { followHomes, publishHome } from './home.ts';
import { followMs } from './homes.ts';

const [alice, bob, eve] = ['U0ALICE', 'U0BOB', 'U0EVE'] as const;

let flow: Flow;
let slack: FlowBot;
beforeEach(async () => {
  flow = await startFlow({ options: '\n    canary: []\n    bake: 5s' });
  slack = createFlowBot(flow);
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const blocksOf = (user: string) => slack.homes.get(user)?.blocks ?? [];
const textOf = (user: string): string => JSON.stringify(blocksOf(user));
const value = (user: string, action: string) => buttonValue({ text: '', blocks: blocksOf(user) }, action);

/** Lets the tabs follow for a minute of the flow's clock. */
async function aMinute(): Promise<void> {
  const until = flow.clock.now() + 60_000;
  await flow.during(
    (stop) => followHomes(slack.bot, stop),
    () => flow.clock.now() >= until,
  );
}

test('each target has Deploy, the way back and Lock, and a stranger has no button', { timeout: 60_000 }, async () => {
  await publishHome(slack.bot, bob);
  for (const action of ['home-deploy', 'rollback', 'home-lock']) expect(value(bob, action), action).toBeDefined();
  expect(checkView(slack.homes.get(bob) as never, 'home')).toMatchObject({ ok: true });
  await publishHome(slack.bot, eve);
  expect(textOf(eve)).toContain('You have read-only access.');
  expect(value(eve, 'home-deploy')).toBeUndefined();
  const click = { actionId: 'deploy.home-deploy', value: 'shop/production', user: eve, triggerId: 't' };
  expect(JSON.stringify(await handleClick(slack.bot, click))).toContain('Nothing was changed');
  expect(slack.opened).toEqual([]);
});

test('Deploy and Lock open forms; the lock is shown with a button that takes it away', {
  timeout: 60_000,
}, async () => {
  await publishHome(slack.bot, bob);
  const press = (action: string, user = bob) =>
    handleClick(slack.bot, { actionId: `deploy.${action}`, value: value(user, action) ?? '', user, triggerId: 't' });
  expect(await press('home-deploy')).toBeUndefined();
  expect(await press('home-lock')).toBeUndefined();
  expect(slack.opened.map(({ callback_id: id }) => id)).toEqual(['deploy-modal', 'lock-modal']);
  for (const modal of slack.opened) expect(checkView(modal, 'modal')).toMatchObject({ ok: true });
  const form = slack.form(bob, 'sale at six');
  expect(await submitLock(slack.bot, { ...form, metadata: 'shop/nowhere' })).toMatchObject({
    reason: expect.stringContaining('⛔'),
  });
  expect(await submitLock(slack.bot, form)).toBeUndefined();
  await aMinute();
  expect(textOf(bob)).toContain('sale at six');
  expect(JSON.stringify(await press('unlock'))).toContain('is unlocked');
  await aMinute();
  expect(value(bob, 'home-lock')).toBeDefined();
});

test('a tab is drawn again when something has changed, not otherwise, and only for an hour', {
  timeout: 60_000,
}, async () => {
  await publishHome(slack.bot, alice);
  await publishHome(slack.bot, bob);
  await aMinute();
  const before = slack.published.length;
  await aMinute();
  expect(slack.published).toHaveLength(before);
  await flow.live('v3');
  await aMinute();
  expect(slack.published.slice(before).toSorted()).toEqual([alice, bob]);
  expect(textOf(bob)).toContain('v3');
  flow.clock.advance(followMs);
  await flow.live('v1');
  const then = slack.published.length;
  await aMinute();
  expect(slack.published).toHaveLength(then);
});
