// The process: what it says when it cannot start, that it goes on without Slack, and that it stops cleanly.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { openEngine, silentLog } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { awaitsApproval, bob, finished, type Stage, setStage, until, value } from '../../../test/support/stage.ts';
import { type Simulator, startSimulator } from '../../../tools/simulator/index.ts';
import { buildManifest } from './slack/manifest.ts';
import { type BotProcess, startBotProcess } from './testing/process.ts';
import { alice, botToken, cardWith, channel, signingSecret } from './testing/workspace.ts';

let stage: Stage;
let slack: Simulator;
const started: BotProcess[] = [];

beforeAll(async () => {
  stage = await setStage({ target: '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n' });
  const manifest = buildManifest({ url: 'http://127.0.0.1:3000' });
  slack = await startSimulator({ signingSecret, botToken, manifest, eventRetryScale: 0 });
});
afterEach(async () => {
  slack.clearFaults();
  for (const { child, exit } of started.splice(0)) {
    child.kill('SIGTERM');
    await exit;
  }
});
afterAll(async () => {
  await stage?.strike();
  await slack?.close();
});

function run(environment: Readonly<Record<string, string>> = {}): BotProcess {
  const bot = startBotProcess({
    SLACK_BOT_TOKEN: botToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: slack.apiUrl,
    BLUEGREEN_CONFIG: stage.settings.file,
    PORT: '0',
    ...environment,
  });
  started.push(bot);
  return bot;
}

const portOf = (output: string): number => Number(/"port":(\d+)/.exec(output)?.[1]);

describe('a bot that cannot start says why, and ends with 1', () => {
  test('every missing variable at once', async () => {
    const bot = run({ SLACK_BOT_TOKEN: '', SLACK_SIGNING_SECRET: '' });
    expect(await bot.exit).toBe(1);
    expect(bot.output()).toMatch(/SLACK_BOT_TOKEN is missing[\s\S]*SLACK_SIGNING_SECRET is missing/);
    expect(bot.output()).not.toContain('    at ');
  });

  test('a configuration with problems, each with its line', async () => {
    const file = join(stage.folder, 'broken.yaml');
    await writeFile(file, 'state: /tmp/x\nservicez: {}\n');
    const bot = run({ BLUEGREEN_CONFIG: file });
    expect(await bot.exit).toBe(1);
    expect(bot.output()).toMatch(/broken\.yaml:2:1.*servicez/);
  });

  test('a token that Slack refuses', async () => {
    slack.fault({ method: 'auth.test', error: 'invalid_auth', times: 'always' });
    const bot = run();
    expect(await bot.exit).toBe(1);
    expect(bot.output()).toContain('Slack refuses SLACK_BOT_TOKEN (invalid_auth)');
    expect(bot.output()).not.toContain(botToken);
  });

  test('a port that another process has', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const bot = run({ PORT: port });
    expect(await bot.exit).toBe(1);
    expect(bot.output()).toContain(`Port ${port} on 127.0.0.1 is in use`);
    const measured = run({ METRICS_PORT: port });
    expect(await measured.exit).toBe(1);
    expect(measured.output()).toContain(
      `Cannot serve /metrics on 127.0.0.1 port ${port} (EADDRINUSE): set METRICS_HOST`,
    );
    await close(taken);
  });
});

test('its secrets come from files as well, it serves metrics, and the secrets are in no environment that another process can read', async () => {
  const files = { SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: signingSecret };
  const named = Object.entries(files).map(async ([name, secret]) => {
    const file = join(stage.folder, name);
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    return [`${name}_FILE`, file] as const;
  });
  const [metricsPort] = await freePorts(1);
  const bot = run({
    SLACK_BOT_TOKEN: '',
    SLACK_SIGNING_SECRET: '',
    METRICS_PORT: String(metricsPort),
    ...Object.fromEntries(await Promise.all(named)),
  });
  await expect.poll(() => bot.output(), { timeout: 30_000 }).toContain('the Slack bot is ready');
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await metrics.text()).toMatch(/^bluegreen_controller_alive /m);
  const environment = await readFile(`/proc/${bot.child.pid}/environ`, 'utf8');
  expect(environment).toContain('SLACK_SIGNING_SECRET_FILE=');
  for (const secret of Object.values(files)) expect(environment).not.toContain(secret);
});

test('a Slack that cannot be reached stops nothing: deployments are driven, and it is asked again', async () => {
  const [nobody] = await freePorts(1);
  const engine = openEngine({ settings: stage.settings, log: silentLog, processName: 'test' });
  const bot = run({ SLACK_API_URL: `http://127.0.0.1:${nobody}/api/` });
  const output = await bot.says(/the Slack bot is ready/);
  expect(output).toContain('Slack cannot be reached');
  const id = value(engine.deploy({ version: 'v1.0', actor: { kind: 'person', id: 'alice', door: 'cli' } })).id;
  expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'promoted' });
  await bot.says(/Slack does not know us yet/);
  engine.close();
});

test('a token that was revoked stops nothing: a bot that starts again continues the canary and rarely asks', async () => {
  const engine = openEngine({ settings: stage.settings, log: silentLog, processName: 'test' });
  const { id } = value(engine.deploy({ version: 'v2.1', actor: { kind: 'person', id: 'alice', door: 'cli' } }));
  slack.fault({ method: '*', error: 'token_revoked', times: 'always' });
  const before = slack.apiCalls().length;
  const bot = run();
  const output = await bot.says(/the Slack bot is ready/);
  expect(output).toContain('Slack refuses SLACK_BOT_TOKEN (token_revoked)');
  expect(output).not.toContain(botToken);
  const { stateVersion } = await until(engine, id, awaitsApproval);
  value(engine.approve({ id, stateVersion }, bob));
  expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'promoted' });
  await bot.says(/Slack refuses the token; messages wait/);
  // The card, the notes and each line of the thread would be tried one by one.
  expect(
    slack
      .apiCalls()
      .slice(before)
      .filter(({ method }) => method !== 'auth.test').length,
  ).toBeLessThan(5);
  engine.close();
});

test('SIGTERM: the bot ends with 0, and what serves users goes on', async () => {
  const bot = run();
  slack.setAppUrl(`http://127.0.0.1:${portOf(await bot.says(/the Slack bot is ready/))}/slack/events`);
  await cardWith(slack, /shop v2\.1: live\./);
  await slack.command({ user: alice, channel, command: '/deploy', text: 'status' });
  bot.child.kill('SIGTERM');
  expect(await bot.exit).toBe(0);
  expect(bot.output()).toContain('"msg":"stopped"');
  expect((await fetch(`${stage.front}/health`)).status).toBe(200);
});

test('no secret is ever written to the log, at any level', async () => {
  const bot = run({ LOG_LEVEL: 'trace' });
  slack.setAppUrl(`http://127.0.0.1:${portOf(await bot.says(/the Slack bot is ready/))}/slack/events`);
  await slack.command({ user: alice, channel, command: '/deploy', text: 'history' });
  bot.child.kill('SIGTERM');
  await bot.exit;
  for (const secret of [botToken, signingSecret]) expect(bot.output()).not.toContain(secret);
});

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

test('ends with 1 when its state file is removed, so that a service manager starts it on the present one', async () => {
  const bot = run();
  await bot.says(/the Slack bot is ready/);
  for (const part of ['', '-wal', '-shm']) await rm(join(stage.settings.stateFolder, `state.sqlite${part}`));
  expect(await bot.exit).toBe(1);
  expect(bot.output()).toMatch(/state\.sqlite was removed while this process had it open/);
});
