// Builds in the channel: a card with a button per target, who may click it, and the results that it shows.
// The tests follow one another on one workspace.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { SeenMessage } from '../../../../tools/simulator/index.ts';
import { type Ci, ciOf } from '../testing/builds.ts';
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

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let workspace: Workspace;
let ci: Ci;
const deployTo = 'deploy-build:production';
const click = (user: string, message: SeenMessage, action = deployTo, more: { times?: number; stale?: boolean } = {}) =>
  workspace.slack.click({
    user,
    channel,
    messageTs: message.ts,
    actionId: `deploy.${action}`,
    confirmed: true,
    ...more,
  });
beforeAll(async () => {
  workspace = await setWorkspace({ target: '        canary: []\n        bake: 1s\n' });
  ci = ciOf(workspace.settings);
});
afterAll(async () => {
  ci?.close();
  await workspace?.strike();
});

test('an announced build becomes a card that says what it is made of and offers to deploy it', async () => {
  ci.announce({ version: 'v1.0', subject: 'First <!channel> shop', pullRequest: undefined });
  const card = await cardWith(workspace.slack, /shop v1\.0: built, ready to deploy/);
  for (const part of ['First ‹!channel&gt; shop', '`main`', 'Alice', '|the run>', 'nothing is live yet'])
    expect(textOf(card)).toContain(part);
  expect(buttonOn(card, deployTo)).toEqual({ value: 'shop/production:1:v1.0:-' });
});

test('an unauthenticated user who clicks gets a private refusal, and the audit log records it', async () => {
  const card = await cardWith(workspace.slack, /shop v1\.0: built/);
  await click(eve, card);
  await whispered(workspace.slack, eve, /not-in-team/);
  expect(workspace.engine.history({}, 5)).toMatchObject({ value: [] });
});

test('two clicks at once are one deployment, and the card follows it to its end with a link', async () => {
  const card = await cardWith(workspace.slack, /shop v1\.0: built/);
  await click(alice, card, deployTo, { times: 2 });
  await whispered(workspace.slack, alice, /is being deployed to shop\/production already, asked for by alice/);
  const live = await cardWith(workspace.slack, /shop v1\.0: live\. First/);
  expect(live.ts).toBe(card.ts);
  expect(buttonOn(live, deployTo)).toBeUndefined();
  const deployment = await cardWith(workspace.slack, /shop v1\.0: live\. v1\.0 is live/);
  expect(textOf(live)).toContain(`/archives/${channel}/p${deployment.ts.replace('.', '')}|its card>`);
  expect(workspace.engine.history({}, 5)).toMatchObject({ value: [{ version: 'v1.0', requestedBy: 'person:alice' }] });
});

test('an old click is refused: the version is live', async () => {
  const card = await cardWith(workspace.slack, /shop v1\.0: live\. First/);
  await click(bob, card, deployTo, { stale: true });
  await whispered(workspace.slack, bob, /v1\.0 is live on shop\/production already/);
});

test('a newer build of the branch makes the older card say so, and its button stays', async () => {
  ci.announce({ version: 'v2.0' });
  const card = await cardWith(workspace.slack, /shop v2\.0: built, ready/);
  expect(textOf(card)).toContain('`v1.0` is live');
  ci.announce({ version: 'v2.1' });
  const older = await cardWith(workspace.slack, /shop v2\.0: built, older/);
  expect(older.ts).toBe(card.ts);
  expect(textOf(older)).toContain('`v2.1` came after it');
  expect(textOf(older)).toContain('Deploy to production (older)');
});

test('the same version announced again with other files makes the first button useless, and says why', async () => {
  const card = await cardWith(workspace.slack, /shop v2\.0: built, older/);
  ci.announce({
    version: 'v2.0',
    artifact: { kind: 'url', url: 'https://ci.example.com/x', sha256: 'b'.repeat(64) },
  });
  await click(alice, card);
  await whispered(workspace.slack, alice, /v2\.0 was announced again with other files, as build 4/);
  expect(workspace.engine.history({}, 5)).toMatchObject({ value: [{ version: 'v1.0' }] });
});

test('the card of the deployment shows the commits since the live one, and its author hears that it is live', async () => {
  await click(bob, await cardWith(workspace.slack, /shop v2\.1: built, older|shop v2\.1: built, ready/));
  const deployment = await cardWith(workspace.slack, /shop v2\.1: live\. v2\.1 is live/);
  expect(textOf(deployment)).toContain('*Changes* since `v1.0`');
  expect(textOf(deployment)).toContain('https://github.com/acme/shop/compare/');
  await cardWith(workspace.slack, /shop v2\.1: live\. New prices/);
  await workspace.slack.waitFor((messages) =>
    messages.find((message) => message.channel.startsWith('D') && /shop v2\.1: live/.test(message.text)),
  );
});

test('a broken build mentions its author in the channel and sends her a direct message, once each', async () => {
  ci.fail({ version: 'v2.7' }, 'build-failed', 'the build of v2.7 failed on main');
  const alert = await cardWith(workspace.slack, /the build of v2\.7 failed/);
  expect(textOf(alert)).toContain(`<@${alice}>`);
  expect(textOf(alert)).toContain('|the run>');
  await workspace.slack.waitFor((messages) =>
    messages.find((message) => message.channel.startsWith('D') && message.text.includes('v2.7 failed')),
  );
  ci.fail({ version: 'v2.7' }, 'build-conflict', 'v2.7 came again with other content');
  expect(textOf(await cardWith(workspace.slack, /v2\.7 came again/))).toContain(`<@${bob}>: please look`);
});

test('a delivery that could not be worked on is tried again by a person of the list, from its card', async () => {
  const id = await ci.park('no rule knows the repository acme/<shop>');
  const card = await cardWith(workspace.slack, /A delivery of github could not be processed/);
  expect(textOf(card)).toContain('acme/&lt;shop&gt;');
  await click(eve, card, 'retry-delivery');
  await whispered(workspace.slack, eve, /not-in-team/);
  expect(workspace.engine.inbox.show(id)).toMatchObject({ state: 'parked' });
  await click(alice, card, 'retry-delivery');
  const again = await cardWith(workspace.slack, /is processed again/);
  expect(again.ts).toBe(card.ts);
  expect(buttonOn(again, 'retry-delivery')).toBeUndefined();
  expect(workspace.engine.inbox.show(id)).toMatchObject({ state: 'waiting' });
  await click(alice, card, 'retry-delivery', { stale: true });
  await whispered(workspace.slack, alice, /was processed since/);
});

test('there is one card per build, after all that', () => {
  const texts = cards(workspace.slack.messages({ channel, user: alice })).map(({ text }) => text);
  expect(texts.filter((text) => /(First|New prices)/.test(text) && text.startsWith('shop v'))).toHaveLength(4);
});
