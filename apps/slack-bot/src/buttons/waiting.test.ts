// The buttons of deployments that wait, with a real engine: Put first asks for a reason, and Cancel takes one out.

import type { Engine } from '@bg/engine';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { alice, type Stage, setStage, value } from '../../../../test/support/stage.ts';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { queueCard } from '../cards/waiting-card.ts';
import type { Modal } from '../modals/inputs.ts';
import { submitCancel, submitFirst } from '../modals/submissions.ts';
import type { BotContext } from '../slack/bot-context.ts';
import { handleClick } from './handle-click.ts';

let stage: Stage;
let engine: Engine;
let opened: Modal[];
let bot: BotContext;
beforeEach(async () => {
  stage = await setStage();
  engine = stage.open();
  value(engine.deploy({ version: 'v1.0', actor: alice }));
  opened = [];
  const slack = {
    openView: async (_trigger: string, modal: Modal) => {
      opened.push(modal);
      return { ok: true };
    },
  };
  const people = {
    actor: (user: string) => (user === 'U0EVE' ? { kind: 'stranger', name: user, door: 'slack' } : alice),
  };
  bot = { engine, slack, people } as unknown as BotContext;
});
afterEach(() => stage.strike());

function wait(version: string): string {
  const asked = value(engine.request({ version, actor: alice }));
  if (asked.kind !== 'waiting') throw new Error(`${version} does not wait`);
  return asked.waiting.id;
}
const click = (action: string, id: string, user = 'U0ALICE') =>
  handleClick(bot, { actionId: `deploy.${action}`, value: id, user, triggerId: 't' } as Parameters<
    typeof handleClick
  >[1]);
const waiting = () => value(engine.waiting({})).now;
const reason = (text: string) => ({ reason: { reason: { type: 'plain_text_input', value: text } } }) as never;

it('Put first is there for what is not first, opens a form, and asks for a reason', async () => {
  const [first, second] = [wait('v2.0'), wait('v2.1')];
  const card = JSON.stringify(queueCard(waiting()));
  expect(card.match(/Put first…/g)).toHaveLength(1);
  expect(await click('first-waiting', second)).toBeUndefined();
  expect(opened[0] && checkView(opened[0], 'modal')).toMatchObject({ ok: true });
  const form = { user: 'U0ALICE', metadata: opened[0]?.private_metadata ?? '' };
  expect(await submitFirst(bot, { ...form, values: reason('') })).toMatchObject({
    reason: expect.stringContaining('needs its reason'),
  });
  expect(await submitFirst(bot, { ...form, values: reason('fixes the outage') })).toBeUndefined();
  expect(waiting().map(({ id }) => id)).toEqual([second, first]);
  expect(waiting()[0]).toMatchObject({ firstBecause: 'fixes the outage' });
});

it('what does not wait any more, and a stranger, get no form', async () => {
  const id = wait('v2.0');
  expect(JSON.stringify(await click('first-waiting', id, 'U0EVE'))).toContain('not in the list of people');
  expect(JSON.stringify(await click('cancel-waiting', id, 'U0EVE'))).toContain('not in the list of people');
  value(engine.cancelWaiting(id, alice));
  expect(JSON.stringify(await click('cancel-waiting', id))).toContain('does not wait any more');
  expect(JSON.stringify(await click('first-waiting', id))).toContain('does not wait any more');
  expect(opened).toEqual([]);
  expect(await submitFirst(bot, { user: 'U0ALICE', metadata: id, values: reason('late') })).toMatchObject({
    reason: expect.stringContaining('does not wait any more'),
  });
});

it('Cancel opens a form, and takes it out with or without a reason, which is stored and shown', async () => {
  const [first, second] = [wait('v2.0'), wait('v2.1')];
  for (const [id, why] of [
    [first, ''],
    [second, 'wrong prices'],
  ] as const) {
    expect(await click('cancel-waiting', id)).toBeUndefined();
    const form = opened.at(-1);
    expect(form && checkView(form, 'modal')).toMatchObject({ ok: true });
    expect(waiting().map((each) => each.id)).toContain(id);
    const sent = { user: 'U0ALICE', metadata: form?.private_metadata ?? '', values: reason(why) };
    expect(await submitCancel(bot, sent)).toBeUndefined();
    expect(await submitCancel(bot, sent)).toMatchObject({ reason: expect.stringContaining('does not wait any more') });
  }
  expect(waiting()).toEqual([]);
  const rows = engine.audit.after(0, 100).filter(({ action }) => action === 'request-cancelled');
  expect(rows.map(({ sentence }) => sentence)).toEqual([
    expect.stringMatching(/alice cancels the deployment of v2\.0 [^:]*$/),
    expect.stringMatching(/alice cancels the deployment of v2\.1 .*: wrong prices$/),
  ]);
  expect(value(engine.waiting({})).ended.find(({ id }) => id === second)).toMatchObject({ problem: 'wrong prices' });
});

it('a build that waits has both buttons, which name it with its target', () => {
  const view = { ...waiting()[0], id: 'build 17', build: 17, service: 'shop', target: 'staging', place: 2, notes: [] };
  const card = JSON.stringify(queueCard([{ ...view, name: 'shop', version: 'v2.0' } as never]));
  expect(card.match(/"value":"build-17@shop\/staging"/g)).toHaveLength(2);
});
