// What must not get through the entry point, and must not get far when it does.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { sign } from '../../../../tools/simulator/index.ts';
import {
  alice,
  bob,
  buttonOn,
  cardWith,
  channel,
  setWorkspace,
  signingSecret,
  textOf,
  type Workspace,
  whispered,
} from '../testing/workspace.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({
    target: `
        canary: [{ percent: 10, approval: true }]
        bake: 1s
`,
    simulator: {
      enterpriseId: 'E0ORG',
      users: [
        { id: 'U0ALICE', name: 'alice' },
        // From another workspace of the same organisation: the bot still handles bob's clicks below.
        { id: 'U0BOB', name: 'bob', teamId: 'T0HOME' },
        { id: 'U0MALLORY', name: 'mallory', teamId: 'T0OTHER' },
      ],
    },
  });
});
afterAll(() => workspace?.strike());

const now = (): number => Math.floor(Date.now() / 1000);
const requested = (): number =>
  workspace.engine.audit.after(0, 5000).filter(({ action }) => action === 'deployment-requested').length;

const form = (text: string, trigger: string): string =>
  new URLSearchParams({
    token: 'x',
    team_id: 'T0SIMULATOR',
    channel_id: channel,
    user_id: alice,
    command: '/deploy',
    text,
    api_app_id: 'A0',
    trigger_id: trigger,
    response_url: `${workspace.slack.url}/nowhere`,
  }).toString();

interface Knock {
  readonly body: string;
  readonly timestamp?: number;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function knock({ body, timestamp = now(), secret = signingSecret, headers = {} }: Knock): Promise<number> {
  const answer = await fetch(workspace.url, {
    method: 'POST',
    body: Buffer.from(body),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': sign(secret, timestamp, body),
      ...headers,
    },
  });
  await answer.arrayBuffer();
  return answer.status;
}

test('unsigned, wrongly signed, old and future requests are refused and change nothing', async () => {
  const body = form('v1.0', 'never');
  expect(await knock({ body, headers: { 'x-slack-signature': '' } })).toBe(401);
  expect(await knock({ body, secret: 'another-secret' })).toBe(401);
  expect(await knock({ body, timestamp: now() - 400 })).toBe(401);
  expect(await knock({ body, timestamp: now() + 400 })).toBe(401);
  expect(await knock({ body, timestamp: Number.NaN })).toBe(401);
  const unsigned = await fetch(workspace.url, { method: 'POST', body });
  expect(unsigned.status).toBe(401);
  expect(requested()).toBe(0);
});

test('a body that is far too large is refused before it is read', async () => {
  expect(await knock({ body: form('x'.repeat(2 << 20), 'large') })).toBe(413);
});

test('a signed request counts once: its replay is refused, a second delivery of the same click does nothing', async () => {
  const typed = await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v1.0' });
  expect(typed.status).toBe(200);
  const replayed = await workspace.slack.replay(typed.deliveryId ?? '');
  expect(replayed.status).toBe(401);
  expect(requested()).toBe(1);
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  const body = form('v2.1', 'trigger.twice');
  expect(await knock({ body, timestamp: now() })).toBe(200);
  expect(await knock({ body, timestamp: now() - 1 })).toBe(200);
  await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  expect(requested()).toBe(2);
  // A second try would have found the target busy.
  expect(workspace.engine.audit.after(0, 5000).filter(({ code }) => code === 'target-busy')).toEqual([]);
});

test('people of another workspace see the buttons and cannot use them', async () => {
  const waiting = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  await workspace.slack.click({
    user: 'U0MALLORY',
    channel,
    messageTs: waiting.ts,
    actionId: 'deploy.abort',
    confirmed: true,
  });
  const alert = await whispered(workspace.slack, 'U0MALLORY', /Only people of this workspace/);
  expect(textOf(alert)).toContain('Nothing was changed');
  expect(workspace.engine.status().targets[0]?.live).toMatchObject({ direction: 'forward' });
});

test('a forged button value names nothing that exists, or nothing that is allowed', async () => {
  const waiting = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  const forge = (value: string) =>
    workspace.slack.click({ user: bob, channel, messageTs: waiting.ts, actionId: 'deploy.approve', value });
  await forge('d_00000000:1');
  await whispered(workspace.slack, bob, /belongs to no deployment/);
  await forge("' OR 1=1 --");
  const { value = '' } = buttonOn(waiting, 'approve') ?? {};
  await forge(`${value.split(':')[0]}:1`);
  await whispered(workspace.slack, bob, /stale-card/);
  expect(workspace.engine.status().targets[0]?.live?.approval).toMatchObject({ status: 'pending', given: [] });
});

test('hostile text in a reason mentions no person, wherever it is shown', async () => {
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'abort "<!channel> `x` *all*"' });
  const card = await cardWith(workspace.slack, /v2\.1: aborted/);
  await workspace.slack.waitFor((messages) =>
    messages.some(({ threadTs, text }) => threadTs === card.ts && /is aborted|aborted by/.test(text)),
  );
  for (const call of workspace.slack.apiCalls()) expect(JSON.stringify(call)).not.toContain('<!channel');
});

test('the audit log names no unauthenticated user, and every answer follows Slack’s rules', async () => {
  const rows = workspace.engine.audit.after(0, 5000);
  expect(rows.some(({ sentence }) => sentence.includes('U0MALLORY'))).toBe(false);
  expect(workspace.slack.violations()).toEqual([]);
});
