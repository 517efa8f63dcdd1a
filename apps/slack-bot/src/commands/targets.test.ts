// A service with two targets: named where it matters, chosen in the form, and never mixed up.

import { freePorts } from '@bg/engine/test-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fastTarget } from '../../../../test/support/stage.ts';
import { ciOf, reaction } from '../testing/builds.ts';
import {
  alice,
  bob,
  buttonOn,
  cardWith,
  channel,
  setWorkspace,
  textOf,
  type Workspace,
  whispered,
} from '../testing/workspace.ts';

let workspace: Workspace;
beforeAll(async () => {
  const [blue, green, front] = await freePorts(3);
  workspace = await setWorkspace({
    target: `        default: true${fastTarget}
      staging:
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { listen: "127.0.0.1:${front}" }
        canary: []
        bake: 1s
`,
  });
});
afterAll(() => workspace?.strike());

const say = (text: string, command = '/deploy') => workspace.slack.command({ user: alice, channel, command, text });

test('the form asks where, and is drawn again for the chosen target', async () => {
  await say('');
  const modal = await workspace.slack.waitFor(() => workspace.slack.modals(alice).at(-1));
  expect(modal.private_metadata).toBe('shop/production');
  await workspace.slack.select({
    user: alice,
    viewId: String(modal.id),
    actionId: 'deploy-modal.target',
    value: 'shop/staging',
  });
  await workspace.slack.waitFor(() => workspace.slack.modals(alice).at(-1)?.private_metadata === 'shop/staging');
  await workspace.slack.submitView({ user: alice, viewId: String(modal.id), values: { 'version:shop': 'v1.0' } });
  await cardWith(workspace.slack, /shop\/staging v1\.0: live\./);
  const [production, staging] = workspace.engine.status().targets;
  expect(production?.routing.active).toBeUndefined();
  expect(staging?.routing.active).toBe('blue');
});

test('a service without a target means its default target; both are shown by the status', async () => {
  await say('shop v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  await workspace.slack.command({ user: bob, channel, command: '/deploy-status', text: 'shop' });
  const status = await whispered(workspace.slack, bob, /What runs where/);
  expect(textOf(status)).toContain('shop/production');
  expect(textOf(status)).toContain('shop/staging');
});

test('a misspelt target is asked about, not guessed', async () => {
  await say('shop/stagin v2.1');
  const answer = await whispered(workspace.slack, alice, /There is no target/);
  expect(textOf(answer)).toContain('/deploy shop/staging v2.1');
});

test('a build has a button for each target it is for, and says where a rule has sent it', async () => {
  const ci = ciOf(workspace.settings);
  const toStaging = reaction({ target: 'staging', reaction: 'deploy', became: 'deploying' });
  ci.announce({ version: 'v2.0' }, { reactions: [reaction(), toStaging] });
  const card = await cardWith(workspace.slack, /shop v2\.0: built, ready/);
  for (const target of ['production', 'staging']) expect(buttonOn(card, `deploy-build:${target}`)).toBeDefined();
  const actor = { kind: 'machine', name: 'github', door: 'webhook' } as const;
  expect(workspace.engine.deploy({ service: 'shop', target: 'staging', version: 'v2.0', actor })).toMatchObject({
    ok: true,
  });
  const sent = await cardWith(workspace.slack, /shop v2\.0: live on staging/);
  expect(sent.ts).toBe(card.ts);
  expect(textOf(sent)).toMatch(/\*staging\*: live as the rule says, asked by \*github\* · <[^>]+\|its card>/);
  expect(buttonOn(sent, 'deploy-build:staging')).toBeUndefined();
  expect(buttonOn(sent, 'deploy-build:production')).toBeDefined();
  ci.announce({ version: 'v2.1' }, { reactions: [reaction({ reaction: 'ignore', became: 'ignored' })] });
  ci.announce({ version: 'v2.2' });
  await cardWith(workspace.slack, /shop v2\.2: built/);
  const texts = workspace.slack.messages({ channel, user: alice }).map(({ text }) => text);
  expect(texts.filter((text) => text.startsWith('shop v2.1:'))).toEqual([]);
  ci.close();
});
