// The configuration changed while a release runs: the bot asks once, and what a person answers holds for real processes.

import type { AuditRow } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually, strikeSettings } from '../../../../test/support/stage.ts';
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
} from '../testing/workspace.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({ target: '        canary: []\n        bake: 1s\n' });
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v1.0' });
  await cardWith(workspace.slack, /shop v1\.0: live\./);
});
afterAll(() => workspace?.strike());

const rows = (action: string): readonly AuditRow[] =>
  workspace.engine.audit.after(0, 5000).filter((row) => row.action === action);
const restartWith = (rule: string): Promise<void> =>
  workspace.restart(() => workspace.stage.edit((text) => text.replace(/health: \{.*\}$/m, `health: { ${rule} }`)));
const announced = () =>
  cards(workspace.slack.messages({ channel, user: alice })).filter(({ text }) => text.startsWith('🧬 *shop: the conf'));
const click = (user: string, action: string, more: object = {}) =>
  workspace.slack.click({
    ...{ user, channel, messageTs: announced()[0]?.ts ?? '', confirmed: true },
    ...{ actionId: `deploy.${action}`, ...more },
  });
const side = () => workspace.engine.status().targets[0]?.slots.find(({ role }) => role === 'active');

test('one message says what changed and when it takes effect, with both answers', async () => {
  await restartWith('path: /no-such-page, interval: 1s, startup: 20s');
  const card = await cardWith(workspace.slack, /the configuration differs from what runs/);
  expect(textOf(card)).toMatch(/runs v1\.0 and is judged by the health rule.*changed since: path.*at the next start/);
  for (const action of ['apply-configuration', 'leave-configuration']) expect(buttonOn(card, action)).toBeDefined();
});

test('an unauthenticated user and an unhealthy side are refused, with a row, and the buttons stay', async () => {
  const strangers = workspace.slack.messages({ channel, user: eve }).length;
  await click(eve, 'apply-configuration');
  await whispered(workspace.slack, eve, /is not in the list of people/);
  expect(workspace.slack.messages({ channel, user: eve }).length).toBeGreaterThan(strangers);
  await click(bob, 'apply-configuration');
  await whispered(workspace.slack, bob, /is not healthy by the changed rule/);
  expect(rows('refused')).toMatchObject([{ actor: 'person:bob', code: 'side-unhealthy' }]);
  expect(buttonOn(announced()[0] as never, 'apply-configuration')).toBeDefined();
  await click(bob, 'apply-configuration', { value: 'shop/nowhere:0123456789abcdef' });
  await whispered(workspace.slack, bob, /target of this button is not configured/);
});

test('a later change ends the message before, whose buttons then decide nothing', async () => {
  const first = announced()[0];
  const old = buttonOn(first as never, 'apply-configuration')?.value;
  await restartWith('interval: 1s, startup: 20s, check: status-code, headers: { X-Key: s3cret }');
  const over = await cardWith(workspace.slack, /the configuration differed from what ran: it changed again/);
  expect(over.ts).toBe(first?.ts);
  await cardWith(workspace.slack, /changed since: .*check/);
  await click(bob, 'apply-configuration', { value: old });
  await whispered(workspace.slack, bob, /has changed since this button was drawn/);
  expect(rows('refused').at(-1)).toMatchObject({ actor: 'person:bob', code: 'stale-card' });
  expect(side()?.proof).toBe('fields');
});

test('it survives a restart, is asked once, and what is applied holds for the process that runs', async () => {
  const before = announced();
  const pid = side()?.pid;
  await workspace.restart();
  await eventually(() => side()?.health === 'healthy');
  expect(announced()).toEqual(before);
  expect(before).toHaveLength(1);
  await click(bob, 'apply-configuration', { times: 2 });
  const over = await cardWith(workspace.slack, /the configuration differed from what ran: .*lets the changed health/);
  expect(over.ts).toBe(before[0]?.ts);
  expect(buttonOn(over, 'apply-configuration')).toBeUndefined();
  await eventually(() => side()?.proof === 'status-code');
  expect(side()?.pid).toBe(pid);
  expect(rows('configuration-applied')).toMatchObject([{ actor: 'person:bob', detail: { slot: 'blue' } }]);
  expect(JSON.stringify(workspace.engine.audit.after(0, 5000))).not.toContain('s3cret');
});

test('what is left is not asked again, by no process', async () => {
  await restartWith('interval: 1s, startup: 20s, failures: 7');
  await cardWith(workspace.slack, /changed since: .*failures/);
  await click(alice, 'leave-configuration');
  await cardWith(workspace.slack, /leaves what runs on shop as it was started/);
  await workspace.restart();
  await eventually(() => side()?.health === 'healthy');
  expect(announced()).toEqual([]);
  expect(rows('configuration-left')).toMatchObject([{ actor: 'person:alice' }]);
  expect(rows('configuration-pending')).toHaveLength(3);
  expect(side()?.proof).toBe('status-code');
});

test('a service that is renamed while it runs is named in the channel of what is configured', async () => {
  const { ports, edit } = workspace.stage;
  const free = await freePorts(3);
  await workspace.restart(() =>
    edit((text) =>
      [ports.front, ports.blue, ports.green].reduce(
        (now, port, index) => now.replaceAll(String(port), String(free[index])),
        text.replace('\n  shop:\n', '\n  store:\n'),
      ),
    ),
  );
  await cardWith(workspace.slack, /blue of shop.* and the configuration does not name it any more/);
  await strikeSettings(workspace.settings);
});
