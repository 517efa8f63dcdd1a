// The bot between a Slack workspace and a real engine: what people type and click, and what they see.
// The tests of a group follow one another on one workspace, as a day follows its morning.

import type { AuditRow } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SeenMessage } from '../../../tools/simulator/index.ts';
import {
  alice,
  bob,
  buttonOn,
  cards,
  cardWith,
  channel,
  eve,
  setWorkspace,
  textOf,
  type Workspace,
  whispered,
} from './testing/workspace.ts';

const withApproval = `
        canary: [{ percent: 10, approval: true }]
        bake: 1s
`;

let workspace: Workspace;

const say = (user: string, command: string, text = '') => workspace.slack.command({ user, channel, command, text });
const click = (user: string, message: SeenMessage, action: string, more: { times?: number; stale?: boolean } = {}) =>
  workspace.slack.click({
    user,
    channel,
    messageTs: message.ts,
    actionId: `deploy.${action}`,
    confirmed: true,
    ...more,
  });
const audit = (action: string): readonly AuditRow[] =>
  workspace.engine.audit.after(0, 5000).filter((row) => row.action === action);
const waiting = () => cardWith(workspace.slack, /shop v2\.1: canary 10 %, needs approval/);

describe('a day of deployments', () => {
  beforeAll(async () => {
    workspace = await setWorkspace({ target: withApproval });
  });
  afterAll(() => workspace?.strike());

  test('a typed version becomes one card that is live in the end', async () => {
    expect(await say(alice, '/deploy', 'v1.0 --reason "the first one"')).toMatchObject({ status: 200, ackBody: '' });
    await whispered(workspace.slack, alice, /shop v1\.0/);
    const live = await cardWith(workspace.slack, /shop v1\.0: live\./);
    await workspace.slack.waitFor((messages) =>
      messages.find((message) => message.channel.startsWith('D') && /shop v1\.0: live/.test(message.text)),
    );
    expect(textOf(live)).toContain('Proved through the load balancer');
    expect(textOf(live)).toContain('the first one');
    expect(cards(workspace.slack.messages({ channel, user: eve }))).toHaveLength(1);
  });

  test('the canary waits for approval: the card says who may decide and offers exactly what is legal', async () => {
    await say(alice, '/deploy', 'shop v2.1');
    const card = await waiting();
    expect(textOf(card)).toContain('<@U0BOB>');
    expect(textOf(card)).toContain('Requested by <@U0ALICE>, who cannot approve');
    for (const action of ['approve', 'reject', 'extend', 'abort']) expect(buttonOn(card, action), action).toBeDefined();
    expect(buttonOn(card, 'rollback')).toBeUndefined();
  });

  test('the approvers are called once, in the thread', async () => {
    const card = await waiting();
    const called = await workspace.slack.waitFor((messages) =>
      messages.find(({ threadTs, text }) => threadTs === card.ts && text.includes('<@U0BOB>')),
    );
    expect(called.text).toContain('asks for approval');
  });

  test('who asked cannot approve: refused for their eyes only, with the rule, and written', async () => {
    const card = await waiting();
    expect(await click(alice, card, 'approve')).toMatchObject({ status: 200 });
    const refusal = await whispered(workspace.slack, alice, /four-eyes/);
    expect(textOf(refusal)).toContain('Nothing was changed');
    expect(audit('refused').some(({ code, actor }) => code === 'four-eyes' && actor === 'person:alice')).toBe(true);
    expect(
      workspace.slack.messages({ channel, user: bob }).some((message) => textOf(message).includes('four-eyes')),
    ).toBe(false);
  });

  test('an unauthenticated user may read but not decide', async () => {
    await click(eve, await waiting(), 'approve');
    await whispered(workspace.slack, eve, /not-in-team/);
    await say(eve, '/deploy-status');
    await whispered(workspace.slack, eve, /What runs where/);
    await say(eve, '/deploy', 'v2.1');
    expect(audit('approved')).toHaveLength(0);
  });

  test('a double click of the approver is one decision; the second gets the answer who decided', async () => {
    const card = await waiting();
    await click(bob, card, 'approve', { times: 2 });
    await whispered(workspace.slack, bob, /already approved by bob/);
    expect(audit('approved')).toHaveLength(1);
    const live = await cardWith(workspace.slack, /shop v2\.1: live\./);
    expect(live.ts).toBe(card.ts);
    expect(textOf(live)).toContain('approved by <@U0BOB>');
  });

  test('a stale button is refused, and the card stays as it is', async () => {
    const card = await cardWith(workspace.slack, /shop v2\.1: live\./);
    await click(alice, card, 'abort', { stale: true });
    await whispered(workspace.slack, alice, /not-allowed-now|stale-card/);
    expect(audit('abort-asked')).toHaveLength(0);
  });

  test('the thread holds the log, one line per change', async () => {
    const card = await cardWith(workspace.slack, /shop v2\.1: live\./);
    const thread = await workspace.slack.waitFor((messages) => {
      const lines = messages.filter(({ threadTs }) => threadTs === card.ts).map(({ text }) => text);
      return lines.some((text) => text.includes('v2.1 is live')) ? lines : undefined;
    });
    expect(thread.filter((text) => text.includes('approves v2.1'))).toHaveLength(1);
    expect(new Set(thread).size).toBe(thread.length);
  });

  test('the card of the release before lost its buttons', async () => {
    await workspace.slack.waitFor((messages) => {
      const old = cards(messages).find(({ text }) => text.startsWith('shop v1.0: replaced by v2.1.'));
      return old !== undefined && buttonOn(old, 'rollback') === undefined;
    });
  });

  test('status, plan, history, help, lock and unlock answer only the one who asked', async () => {
    const asked: readonly (readonly [string, string, RegExp])[] = [
      ['/deploy-status', 'shop', /INSTANT\* \(blue v1\.0 healthy/],
      ['/deploy', 'plan v1.0', /Nothing was changed/],
      ['/deploy', 'history', /Last deployments of shop/],
      ['/rollback', 'help', /What you can type/],
      ['/deploy', 'lock "quiet day" for 2h', /is locked until/],
      ['/deploy', 'unlock', /is unlocked/],
      ['/deploy', 'suspend "quiet day"', /automation of .* is suspended/],
      ['/deploy', 'unsuspend', /automation of .* is resumed/],
      ['/switch', 'green', /green serves already: shop runs v2\.1/],
    ];
    for (const [command, text, pattern] of asked) {
      expect(await say(bob, command, text)).toMatchObject({ status: 200 });
      await whispered(workspace.slack, bob, pattern);
    }
    await workspace.slack.waitFor((messages) => cards(messages).some(({ text }) => text.includes('locks shop')));
    expect(
      workspace.slack.messages({ channel, user: alice }).some((message) => /What you can type/.test(textOf(message))),
    ).toBe(false);
  });

  test('the lock of another goes only after a question, and its owner gets a message', async () => {
    await say(bob, '/deploy', 'lock "sale at six"');
    await whispered(workspace.slack, bob, /is locked until/);
    await say(alice, '/deploy', 'unlock');
    const question = await whispered(workspace.slack, alice, /Take that lock away\?/);
    expect(workspace.engine.status().targets[0]?.lock?.owner).toBe('person:bob');
    await workspace.slack.click({
      user: alice,
      channel: question.channel,
      messageTs: question.ts,
      actionId: 'deploy.unlock',
      confirmed: true,
    });
    const direct = await workspace.slack.waitFor((messages) =>
      messages.find((message) => message.channel !== channel && /which bob had locked: sale at six/.test(message.text)),
    );
    expect(workspace.slack.messages({ channel: direct.channel, user: bob })).toContainEqual(direct);
    expect(workspace.engine.status().targets[0]?.lock).toBeUndefined();
  });

  test('a typing error is answered with the nearest correct form, and written', async () => {
    await say(alice, '/deploy', 'stauts');
    const answer = await whispered(workspace.slack, alice, /text-invalid/);
    expect(textOf(answer)).toContain('/deploy status');
    expect(audit('refused').some(({ code }) => code === 'text-invalid')).toBe(true);
  });

  test('when a person rolls back the release of another person, the bot sends the other a direct message', async () => {
    const card = await cardWith(workspace.slack, /shop v2\.1: live\./);
    await click(bob, card, 'rollback');
    await cardWith(workspace.slack, /shop back to v1\.0: live\./);
    const direct = await workspace.slack.waitFor((messages) =>
      messages.find((message) => message.channel !== channel && /v2\.1 is being taken back/.test(message.text)),
    );
    expect(workspace.slack.messages({ channel: direct.channel, user: alice })).toContainEqual(direct);
  });

  test('the whole day stayed within the limits that Slack documents', () => {
    expect(workspace.slack.apiCalls().filter(({ status }) => status === 429)).toEqual([]);
  });
});

describe('forms', () => {
  beforeAll(async () => {
    workspace = await setWorkspace({ target: withApproval });
  });
  afterAll(() => workspace?.strike());

  const openModal = (user: string) => workspace.slack.waitFor(() => workspace.slack.modals(user).at(-1));

  test('`/deploy` without arguments opens a form; a refusal stays in it, a version starts', async () => {
    await say(alice, '/deploy');
    const modal = await openModal(alice);
    const sent = (version: string) =>
      workspace.slack.submitView({ user: alice, viewId: String(modal.id), values: { 'version:shop': version } });
    const started = await sent('v1.0');
    expect(started).toMatchObject({ status: 200, ackBody: '' });
    await cardWith(workspace.slack, /shop v1\.0/);
    await say(alice, '/deploy');
    const again = await openModal(alice);
    const refused = await workspace.slack.submitView({
      user: alice,
      viewId: String(again.id),
      values: { 'version:shop': 'v1.0' },
    });
    expect(refused.errors?.['version:shop']).toMatch(/Nothing was changed/);
    await cardWith(workspace.slack, /shop v1\.0: live\./);
  });

  test('a reject asks for its reason and takes the users back', async () => {
    await say(alice, '/deploy', 'v2.1');
    const card = await waiting();
    await click(bob, card, 'reject');
    const modal = await openModal(bob);
    const empty = await workspace.slack.submitView({ user: bob, viewId: String(modal.id), values: { reason: '' } });
    expect(empty.error).toBe('not_submitted');
    expect(
      await workspace.slack.submitView({ user: bob, viewId: String(modal.id), values: { reason: 'wrong <prices>' } }),
    ).toMatchObject({ ackBody: '' });
    const ended = await cardWith(workspace.slack, /shop v2\.1: aborted/);
    expect(textOf(ended)).toContain('wrong &lt;prices&gt;');
    expect(ended.ts).toBe(card.ts);
    const [id = ''] = /d_[0-9a-f]{8}/.exec(textOf(ended)) ?? [];
    await click(eve, ended, `timeline:${id}`);
    const timeline = JSON.stringify(await openModal(eve));
    for (const shown of ['wrong &lt;prices&gt;', 'rejected by', 'send 10 % of users', `bg show ${id}`])
      expect(timeline).toContain(shown);
  });

  test('a person who opened the form too late gets the answer to click again', async () => {
    workspace.slack.fault({ method: 'views.open', error: 'expired_trigger_id' });
    await say(alice, '/deploy');
    await whispered(workspace.slack, alice, /That took too long/);
  });

  test('the Home tab lists my approvals, and its button decides', async () => {
    await say(alice, '/deploy', 'v2.5-slow');
    await cardWith(workspace.slack, /shop v2\.5-slow: canary 10 %, needs approval/);
    await workspace.slack.openHome(bob);
    const home = await workspace.slack.waitFor(() => workspace.slack.home(bob));
    expect(JSON.stringify(home)).toContain('deploy.approve');
    await workspace.slack.openHome(alice);
    await workspace.slack.waitFor(() =>
      JSON.stringify(workspace.slack.home(alice) ?? '').includes('Nothing waits for you'),
    );
    await workspace.slack.click({ user: bob, viewId: String(home.id), actionId: 'deploy.approve' });
    await cardWith(workspace.slack, /shop v2\.5-slow: live\./);
  });
});
