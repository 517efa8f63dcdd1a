// A freeze that begins during a deployment, and one that a scheduled deployment falls into, as people meet them in Slack.

import { afterEach, describe, expect, it } from 'vitest';
import { beginDue } from '../../../../packages/engine/src/orchestrator/queue/begin-waiting.ts';
import type { Flow } from '../../../../packages/engine/src/testing/flow.ts';
import { startFreezeFlow } from '../../../../packages/engine/src/testing/freeze-flow.ts';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import type { Card } from '../cards/blocks.ts';
import { submitCancel, submitContinue } from '../modals/submissions.ts';
import { buttonValue, createFlowBot, type FlowBot } from '../testing/flow-bot.ts';

const hourMs = 3_600_000;
const [alice, bob, carol, eve] = ['U0ALICE', 'U0BOB', 'U0CAROL', 'U0EVE'];

let flow: Flow;
let slack: FlowBot;
afterEach(() => flow.close());

async function start(...freeze: Parameters<typeof startFreezeFlow>): Promise<void> {
  flow = await startFreezeFlow(...freeze);
  slack = createFlowBot(flow);
  await slack.messages();
}

const textOf = (card: Card | undefined): string => JSON.stringify(card);
/** All that was said since, but cards. */
const said = async (): Promise<string> =>
  [...(await slack.messages())]
    .filter(([key]) => !key.startsWith('card:'))
    .map(([, { text }]) => text)
    .join('\n');

describe('a freeze that begins during a deployment', { timeout: 180_000 }, () => {
  let id: string;
  const card = async (): Promise<Card> => (await slack.messages()).get(`card:${id}`)!;

  /** It holds at 10 %. */
  async function held(more = ''): Promise<void> {
    await start(1, 10, more);
    expect(textOf(await slack.deploy('v2', alice!))).toContain('v2');
    id = flow.people.status().targets[0]?.live?.id ?? '';
    await flow.until(id, () => flow.actions().includes('freeze-holds'));
  }

  it('holds it at its safe point, says so to who asked for it, and offers Continue and Abort', async () => {
    await held();
    const shown = await card();
    expect(textOf(shown)).toContain('the freeze sale lasts until 2026-12-01 12:10 UTC');
    const actions = ['continue', 'abort', 'promote', 'approve', 'pause', 'resume'];
    expect(actions.filter((action) => buttonValue(shown, action) !== undefined)).toEqual(['continue', 'abort']);
    expect(await said()).toMatch(/holds v2 before it moves more users: .*the freeze sale lasts.*<@U0ALICE>/);
    expect(flow.balancers.story.at(-1)).toMatch(/^blue \+ 10 % green/);
    expect(await flow.wait(id, 5 * 60_000)).toMatchObject({ finishedAt: null });
    expect(flow.balancers.story.at(-1)).toMatch(/^blue \+ 10 % green/);
  });

  it('goes on with Continue and a reason of an approver, which the channel reads', async () => {
    await held();
    const shown = await card();
    expect(textOf(await slack.click(shown, 'continue', eve!))).toContain('not in the list of people');
    expect(slack.opened).toEqual([]);
    expect(await slack.click(shown, 'continue', bob!)).toBeUndefined();
    expect(slack.opened[0] && checkView(slack.opened[0], 'modal')).toMatchObject({ ok: true });
    expect(textOf(slack.opened[0] as never)).toContain('the freeze sale lasts until');
    expect(await submitContinue(slack.bot, slack.form(bob!, ' '))).toMatchObject({
      reason: expect.stringContaining('⛔'),
    });
    expect(await submitContinue(slack.bot, slack.form(carol!, 'mine'))).toMatchObject({
      reason: expect.stringContaining('approver'),
    });
    expect(await submitContinue(slack.bot, slack.form(bob!, 'it is nearly done'))).toBeUndefined();
    expect(await said()).toMatch(/🧊.*overrides the freeze sale: it is nearly done/);
    // The form of the card as it was is bound to that state.
    expect(await submitContinue(slack.bot, slack.form(bob!, 'again'))).toMatchObject({ reason: expect.any(String) });
    expect(flow.actions().filter((action) => action === 'freeze-overridden')).toHaveLength(1);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.clock.now()).toBeLessThan(Date.UTC(2026, 11, 1, 12, 10));
    expect(buttonValue(await card(), 'continue')).toBeUndefined();
  });

  it('is given up with Abort, and an old button does nothing any more', async () => {
    await held(', override: nobody');
    const shown = await card();
    expect(buttonValue(shown, 'continue')).toBeUndefined();
    expect(await slack.click(shown, 'abort', carol!)).toBeUndefined();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted' });
    expect(flow.balancers.story.at(-1)).toMatch(/^blue/);
    const seq = flow.lastSeq();
    expect(textOf(await slack.click(shown, 'abort', bob!))).toContain('⛔');
    expect(flow.actions(seq)).toEqual(['refused']);
    expect(buttonValue(await card(), 'abort')).toBeUndefined();
  });
});

describe('a deployment that is scheduled', { timeout: 180_000 }, () => {
  const look = (): void => {
    const { core, target, lease } = flow.process();
    beginDue(core, target, lease());
  };
  const waiting = () => {
    const found = flow.people.waiting({});
    return found.ok ? found.value : undefined;
  };

  it('into a freeze says so at once, and is refused at its time, which the channel reads', async () => {
    await start(9 * 60, 11 * 60);
    const answer = await slack.deploy('v2 at 22:00', alice!);
    expect(textOf(answer)).toMatch(/is deployed at 2026-12-01 22:00 UTC.*⚠️ .*freeze sale/);
    flow.clock.jump(10 * hourMs);
    look();
    look();
    expect(waiting()).toMatchObject({
      now: [],
      ended: [{ status: 'refused', problem: expect.stringContaining('sale') }],
    });
    expect(flow.actions().filter((action) => action === 'request-refused')).toHaveLength(1);
    expect(await said()).toMatch(
      /✋.*v2, which .*asked for, is not deployed to shop: shop is frozen: the freeze sale lasts until/,
    );
    expect(flow.actions().filter((action) => action === 'deployment-requested')).toHaveLength(1);
    flow.clock.jump(2 * hourMs);
    look();
    expect(flow.actions().filter((action) => action === 'deployment-requested')).toHaveLength(1);
  });

  it('after it is not refused, and can be cancelled with its button before', async () => {
    await start(9 * 60, 11 * 60);
    const answer = await slack.deploy('v2 at 23:30 UTC', alice!);
    expect(textOf(answer)).not.toContain('⚠️');
    flow.clock.jump(11.5 * hourMs);
    look();
    expect(waiting()).toMatchObject({ now: [], ended: [{ status: 'deployed' }] });
    const second = await slack.deploy('v3 at 2026-12-02 22:00', bob!);
    expect(textOf(second)).toContain('2026-12-02 22:00 UTC');
    expect(await slack.click(second!, 'cancel-waiting', alice!)).toBeUndefined();
    expect(await submitCancel(slack.bot, slack.form(alice!, 'not on that day'))).toBeUndefined();
    expect(waiting()?.ended).toContainEqual(expect.objectContaining({ version: 'v3', problem: 'not on that day' }));
    expect(waiting()?.now).toEqual([]);
  });
});
