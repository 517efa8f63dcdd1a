// Drift in the channel: posted once with two buttons, resolved by an approver, and updated in place.

import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({ target: '        canary: []\n        bake: 1s\n' });
  for (const version of ['v1.0', 'v2.0']) {
    await workspace.slack.command({ user: alice, channel, command: '/deploy', text: version });
    await cardWith(workspace.slack, new RegExp(`shop ${version.replace('.', '\\.')}: live\\.`));
  }
});
afterAll(() => workspace?.strike());

/** Past the engine, as a person would with the balancer's own tool. */
async function changeByHand(active: string): Promise<void> {
  const folder = join(workspace.settings.stateFolder, 'proxy');
  const socketPath = join(folder, readdirSync(folder).find((name) => name.endsWith('.sock')) ?? '');
  const ask = (method: string, body = '') =>
    new Promise<{ fence: number }>((resolve, reject) => {
      request({ socketPath, method, path: '/routing' }, (answer) =>
        json(answer).then((said) => resolve(said as { fence: number })),
      )
        .on('error', reject)
        .end(body);
    });
  const target = workspace.engine.target({});
  const generation = (target.ok ? target.value.routing.generation : 0) + 1;
  const { fence } = await ask('GET');
  await ask('PUT', JSON.stringify({ routing: { generation, active }, fence }));
}

const click = (user: string, messageTs: string, action: string) =>
  workspace.slack.click({ user, channel, messageTs, actionId: `deploy.${action}`, confirmed: true });
const drifted = () => cardWith(workspace.slack, /shop: the load balancer differs from the decided routing/);

test('one message names what differs and offers both ways out', async () => {
  await changeByHand('blue');
  const card = await drifted();
  expect(textOf(card)).toContain('decided is: users go to green');
  expect(textOf(card)).toContain('users go to blue');
  for (const action of ['restore-routing', 'adopt-routing']) expect(buttonOn(card, action), action).toBeDefined();
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'status shop' });
  expect(buttonOn(await whispered(workspace.slack, alice, /Drift/), 'restore-routing')).toBeDefined();
});

test('who is no approver is refused, and nothing changes', async () => {
  await click(alice, (await drifted()).ts, 'restore-routing');
  await whispered(workspace.slack, alice, /not-approver/);
  expect((await (await fetch(`${workspace.stage.front}/health`)).json()) as object).toMatchObject({ version: 'v1.0' });
});

test('an approver restores; the same message loses its buttons, and the channel gets a message', async () => {
  const card = await drifted();
  await click(bob, card.ts, 'restore-routing');
  const over = await cardWith(workspace.slack, /the drift of the load balancer is over/);
  expect(over.ts).toBe(card.ts);
  expect(buttonOn(over, 'restore-routing')).toBeUndefined();
  await cardWith(workspace.slack, /restores what was decided: users go to green/);
  expect((await (await fetch(`${workspace.stage.front}/health`)).json()) as object).toMatchObject({ version: 'v2.0' });
  await expect(click(bob, card.ts, 'adopt-routing')).rejects.toThrow();
});
