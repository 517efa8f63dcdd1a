// A scope that is missing is named when the bot starts, as Slack reports the scopes with each answer.

import { silentLog, systemClock } from '@bg/engine';
import { expect, test, vi } from 'vitest';
import { startSimulator } from '../../../../tools/simulator/index.ts';
import { slackFor } from '../bot.ts';
import { checkToken, keepIdentity } from './identity.ts';
import { buildManifest } from './manifest.ts';

const manifest = buildManifest({ url: 'http://127.0.0.1:3000' });
const [botToken, signingSecret] = ['xoxb-simulator-test', 'simulator-signing-secret'];

async function errorsAtStart(scopes: readonly string[], approvers: readonly string[]): Promise<readonly unknown[]> {
  const oauth_config = { scopes: { bot: [...scopes] } };
  const slack = await startSimulator({ signingSecret, botToken, manifest: { ...manifest, oauth_config } });
  const environment = {
    ...{ token: botToken, signingSecret, appToken: undefined, apiUrl: slack.apiUrl, port: 0, host: '127.0.0.1' },
    ...{ configFile: '', logLevel: 'silent', proxy: undefined },
  };
  const api = slackFor(environment, silentLog);
  const checked = await checkToken(api);
  const error = vi.fn();
  const settings = { targets: [{ approval: { approvers } }] } as never;
  keepIdentity({
    ...{ slack: api, settings, clock: systemClock, signal: AbortSignal.abort() },
    first: checked.kind === 'good' ? checked.identity : undefined,
    log: { ...silentLog, error } as never,
  });
  await slack.close();
  return error.mock.calls;
}

const all = manifest.oauth_config.scopes.bot;

test('approvers of a user group need usergroups:read, and the line names the groups once', async () => {
  const without = all.filter((scope) => scope !== 'usergroups:read');
  expect(await errorsAtStart(without, ['bob', 'group:S0REL', 'group:S0REL'])).toEqual([
    [{ groups: ['group:S0REL'] }, expect.stringContaining('lacks the scope usergroups:read')],
  ]);
  expect(await errorsAtStart(without, ['bob'])).toEqual([]);
  expect(await errorsAtStart(all, ['group:S0REL'])).toEqual([]);
});
