import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

const enough = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'secret' };

test('two variables are enough, everything else has a default that is not reachable from outside', () => {
  expect(readEnvironment(enough)).toEqual({
    ok: true,
    environment: {
      token: 'xoxb-1',
      signingSecret: 'secret',
      appToken: undefined,
      apiUrl: 'https://slack.com/api/',
      port: 3000,
      host: '127.0.0.1',
      configFile: './bluegreen.yaml',
      logLevel: 'info',
    },
  });
});

test('in Socket Mode there is no signing secret to give', () => {
  expect(readEnvironment({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' })).toMatchObject({ ok: true });
});

test('every problem is named at once, and no value of a secret is repeated', () => {
  const result = readEnvironment({
    SLACK_BOT_TOKEN: 'xoxp-hidden',
    SLACK_APP_TOKEN: '',
    SLACK_SIGNING_SECRET: '  ',
    SLACK_API_URL: 'http://slack.example.com/api/',
    PORT: '99999',
    LOG_LEVEL: 'loud',
  });
  if (result.ok) throw new Error('accepted');
  const names = result.problems.map((problem) => problem.split(' ')[0]);
  expect(names).toEqual(['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_API_URL', 'PORT', 'LOG_LEVEL']);
  expect(result.problems.join('\n')).not.toContain('hidden');
});

test('a proxy is read as other programs read it, and its address is never repeated', () => {
  const good = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'secret' };
  const proxyOf = (more: Readonly<Record<string, string>>) => {
    const read = readEnvironment({ ...good, ...more });
    return read.ok ? read.environment.proxy : read.problems.join();
  };
  expect(proxyOf({})).toBeUndefined();
  expect(
    proxyOf({ HTTPS_PROXY: 'http://proxy:3128', https_proxy: 'http://small:1', NO_PROXY: 'slack.internal' }),
  ).toEqual({
    httpProxy: undefined,
    httpsProxy: 'http://small:1',
    noProxy: 'slack.internal',
  });
  expect(proxyOf({ HTTPS_PROXY: 'me:hunter2@proxy' })).toBe('HTTPS_PROXY must be an http:// or https:// address');
});
