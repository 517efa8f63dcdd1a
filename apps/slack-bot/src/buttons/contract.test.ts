// The schema in Slack: on the card of the deployment that widens it, and as a contract with a separate approval.

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
const type = (text: string) => workspace.slack.command({ user: alice, channel, command: '/deploy', text });
const click = (user: string, messageTs: string, action: string) =>
  workspace.slack.click({ user, channel, messageTs, actionId: `deploy.${action}`, confirmed: true });

beforeAll(async () => {
  const target = `
        canary: []
        bake: 1s
        database: { driver: sqlite, rollbackFor: 0s }
`;
  workspace = await setWorkspace({ target, database: true });
  for (const version of ['v2.0', 'v2.1']) {
    await type(version);
    await cardWith(workspace.slack, new RegExp(`shop ${version.replace('.', '\\.')}: live\\.`));
  }
});
afterAll(() => workspace?.strike());

test('the thread of the card shows what is widened and filled; the status shows the schema', async () => {
  await workspace.slack.waitFor((messages) =>
    messages.find(({ threadTs, text }) => threadTs !== undefined && text.includes('003_cents: backfill done')),
  );
  await workspace.slack.waitFor((messages) =>
    messages.find(({ threadTs, text }) => threadTs !== undefined && text.includes('003_cents: expand done')),
  );
  await type('status shop');
  expect(textOf(await whispered(workspace.slack, alice, /Schema \(sqlite\)/))).toContain('003_cents');
});

test('a contract that comes too early is refused, with the names of those who need the old shape', async () => {
  await type('contract shop');
  await whispered(workspace.slack, alice, /v2\.0 still needs the old shape/);
});

test('it is asked for with its SQL and what it makes impossible, decided by another person, and run', async () => {
  const standby = workspace.engine.status().targets[0]?.slots.find(({ role }) => role === 'standby');
  await workspace.engine.slots.stop({
    slot: standby?.slot ?? 'blue',
    actor: { kind: 'person', id: 'alice', door: 'slack' },
  });
  await type('contract shop --reason "nobody reads it"');
  await whispered(workspace.slack, alice, /waits for its approval/);
  const card = await cardWith(workspace.slack, /contract of 003_cents is pending/);
  expect(textOf(card)).toContain('fter this, rollback to v2.0 is impossible');
  expect(textOf(card)).toContain('DROP COLUMN amount');
  await click(alice, card.ts, 'approve-contract');
  await whispered(
    workspace.slack,
    alice,
    /asked for the contract of 003_cents and cannot approve it.*four-eyes|four-eyes.*asked for the contract of 003_cents/s,
  );
  await click(bob, card.ts, 'approve-contract');
  const done = await cardWith(workspace.slack, /contract of 003_cents is done/);
  expect(done.ts).toBe(card.ts);
  expect(buttonOn(done, 'approve-contract')).toBeUndefined();
  await workspace.slack.command({ user: alice, channel, command: '/rollback', text: 'v2.0' });
  await whispered(workspace.slack, alice, /cannot run on the schema of shop any more/);
});
