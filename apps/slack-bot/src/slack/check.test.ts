// `slack-bot check` against the simulator, with what is wrong planted: each is found, and each says what to do.

import { spawnSync } from 'node:child_process';
import { silentLog } from '@bg/engine';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { webClientFor } from '../bot.ts';
import { appToken, botToken, setWorkspace, type Workspace } from '../testing/workspace.ts';
import { checkSlack, type Finding, findingLines } from './check.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({ socketMode: true });
}, 60_000);
afterAll(() => workspace?.strike());
beforeEach(() => workspace.slack.clearFaults());

const client = (token = botToken) => webClientFor({ ...workspace.environment, token }, silentLog);
async function check(token = botToken): Promise<readonly Finding[]> {
  return checkSlack({ client: client(token), socketClient: client(appToken), settings: workspace.settings });
}
const stateOf = (findings: readonly Finding[], what: string) =>
  findings.find((one) => one.what.startsWith(what))?.state;

test('a workspace as the manifest makes it: token, scopes, channel and people are good', async () => {
  const findings = await check();
  expect(findings.filter(({ state }) => state === 'bad')).toEqual([]);
  for (const what of ['token', 'channel', 'person alice']) expect(stateOf(findings, what), what).toBe('good');
});

test('a refused token is the only finding, and an unreachable Slack is not a bad token', async () => {
  expect(await check('xoxb-other')).toMatchObject([
    { what: 'token', state: 'bad', help: expect.stringMatching(/Install/) },
  ]);
  workspace.slack.fault({ method: 'auth.test', drop: 'before' });
  expect(await check()).toMatchObject([{ what: 'token', state: 'unknown' }]);
});

test.each([
  ['conversations.info', 'channel_not_found', 'channel', /invite/],
  ['conversations.open', 'user_not_found', 'person', /member ID/],
  ['apps.connections.open', 'not_allowed_token_type', 'connection', /SLACK_APP_TOKEN/],
] as const)('%s that answers %s is found, with what to do', async (method, error, what, help) => {
  workspace.slack.fault({ method, error, times: 'always' });
  const findings = await check();
  const found = findings.find((one) => one.what.startsWith(what));
  expect(found).toMatchObject({ state: 'bad', sentence: expect.stringContaining(error) });
  expect(found?.help).toMatch(help);
  expect(findingLines(findings).join('\n')).toMatch(/^✗ /m);
});

test('a lost answer is not known, and does not count as a problem', async () => {
  workspace.slack.fault({ method: 'conversations.info', status: 503, times: 'always' });
  expect(stateOf(await check(), 'channel')).toBe('unknown');
});

test('an argument that is not understood ends with 2', () => {
  const ended = spawnSync(process.execPath, [new URL('../main.ts', import.meta.url).pathname, 'check', '--jsn'], {
    encoding: 'utf8',
  });
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain('Usage: slack-bot check [--json]');
});
