// Clicks that come through HTTP on a card that the version before an update drew and sent, and the copies that it sent.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { transport } from '../outbox/messages.ts';
import {
  alice,
  bob,
  botToken,
  buttonOn,
  cardWith,
  channel,
  setWorkspace,
  textOf,
  type Workspace,
  whispered,
} from '../testing/workspace.ts';

vi.setConfig({ testTimeout: 480_000, hookTimeout: 240_000 });

const patience = { timeoutMs: 240_000 };

let workspace: Workspace;
beforeAll(async () => {
  const target = '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n';
  workspace = await setWorkspace({ target });
});
afterAll(() => workspace?.strike());

const say = (command: string, text: string) => workspace.slack.command({ user: alice, channel, command, text });

function liveDeployment() {
  const live = workspace.engine.status().targets.find((target) => target.live !== undefined)?.live;
  if (live === undefined) throw new Error('no deployment is under way');
  return live;
}

/** The card of the version before, as it drew it for another deployment, in the place of this one. */
async function showEarlierCard(ts: string, ref: string): Promise<void> {
  const file = new URL('../testing/earlier-approval-card.json', import.meta.url);
  const card = readFileSync(file, 'utf8').replaceAll('dep_7f3a:12', ref);
  const answer = await fetch(`${workspace.slack.apiUrl}chat.update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ channel, ts, ...(JSON.parse(card) as object) }),
  });
  expect(await answer.json()).toMatchObject({ ok: true });
}

test('a card of the version before decides by its buttons, and becomes one of this version', async () => {
  await say('/deploy', 'v1.0');
  await cardWith(workspace.slack, /v1\.0: live\./, patience.timeoutMs);
  await say('/deploy', 'v2.1');
  const { ts } = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  const live = liveDeployment();
  await workspace.restart(async () => {
    await showEarlierCard(ts, `${live.id}:${live.stateVersion}`);
    return undefined;
  });
  const click = (value?: string) =>
    workspace.slack.click({ user: bob, channel, messageTs: ts, actionId: 'deploy.approve', stale: true, value });
  await click(`${live.id}:${live.stateVersion - 1}`);
  await whispered(workspace.slack, bob, /has moved on since this button was drawn/, patience.timeoutMs);
  await click(`${live.id}:${live.stateVersion}`);
  const end = await cardWith(workspace.slack, /v2\.1: live\./, patience.timeoutMs);
  expect(end.ts).toBe(ts);
  expect(textOf(end)).not.toContain('asked and cannot approve');
});

test('a copy that the version before sent to a person changes with the deployment after the update', async () => {
  await say('/deploy', 'v1.0');
  const { ts } = await cardWith(workspace.slack, /v1\.0: canary 10 %, needs approval/);
  const { id } = liveDeployment();
  const key = `stranded:${id}:approval:${bob}`;
  // As that version stored it: the copy alone, in no list of copies.
  const payload = { deploymentId: id, user: bob, error: 'is_archived', channel };
  workspace.engine.outbox.put({ key, transport, kind: 'stranded', payload, urgent: true });
  const copy = (pattern: RegExp) =>
    workspace.slack.waitFor(
      (messages) => messages.find((one) => one.channel === 'D0BOB' && pattern.test(textOf(one))),
      patience,
    );
  const sent = await copy(/Slack took no message in .*needs approval/);
  await workspace.restart();
  await workspace.slack.click({
    user: bob,
    channel,
    messageTs: ts,
    actionId: 'deploy.approve',
    stale: true,
    confirmed: true,
  });
  const live = await copy(/Slack took no message in .*v1\.0: live/);
  expect(live.ts).toBe(sent.ts);
  expect(buttonOn(live, 'approve')).toBeUndefined();
});
