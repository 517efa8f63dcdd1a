// A release that wants to approve itself: it looks for the bot's signing secret, signs a click as the approver, and sends it. As
// the bot's own account it can; with a separate account it finds nothing, and all else that would help is closed too.

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Engine, openEngine, silentLog } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  awaitsApproval,
  alice as byAlice,
  finished,
  type Stage,
  setStage,
  until,
  value,
} from '../../../../test/support/stage.ts';
import { type Simulator, startSimulator } from '../../../../tools/simulator/index.ts';
import { type BotProcess, startBotProcess } from '../testing/process.ts';
import { corrupt, type Loot, tries } from '../testing/thief.ts';
import { alice, bob, botToken, buttonOn, channel, signingSecret } from '../testing/workspace.ts';
import { buildManifest, eventsPath } from './manifest.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

interface Crime {
  readonly stage: Stage;
  readonly engine: Engine;
  /** Of the deployment that awaits approval, whose new side is the thief. */
  readonly id: string;
  readonly loot: Loot;
  readonly port: number;
  end(): Promise<void>;
}

/** v1.0 serves, and v2.1 has its first users and awaits bob's approval. */
async function setCrime(service: string): Promise<Crime> {
  const [port = 0] = await freePorts(1);
  const target = `\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n        env: { THIEF_PORT: "${port}" }\n`;
  const stage = await setStage({ target, service });
  chmodSync(stage.folder, 0o711);
  mkdirSync(join(stage.folder, 'ledger'));
  chownSync(join(stage.folder, 'ledger'), nobody, nobody);
  await corrupt(join(stage.folder, 'releases/shop/v2.1'));
  const slack = await startSimulator({
    signingSecret,
    botToken,
    manifest: buildManifest({ url: 'http://127.0.0.1:3000' }),
    eventRetryScale: 0,
  });
  const bot = startBotProcess({
    SLACK_BOT_TOKEN: botToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: slack.apiUrl,
    BLUEGREEN_CONFIG: stage.settings.file,
    PORT: '0',
  });
  const output = await bot.says(/the Slack bot is ready/, 60_000);
  const url = `http://127.0.0.1:${/"port":(\d+)/.exec(output)?.[1]}${eventsPath}`;
  const engine = openEngine({ settings: stage.settings, log: silentLog, processName: 'test' });
  await until(engine, value(engine.deploy({ version: 'v1.0', actor: byAlice })).id, finished);
  const { id } = value(engine.deploy({ version: 'v2.1', actor: byAlice }));
  await until(engine, id, awaitsApproval);
  const body = await clickOfAlice(slack, url);
  const loot: Loot = { bot: bot.child.pid ?? 0, url, body, as: [alice, bob] };
  return { stage, engine, id, loot, port, end: () => ending({ stage, engine, slack, bot }) };
}

async function ending(all: { stage: Stage; engine: Engine; slack: Simulator; bot: BotProcess }): Promise<void> {
  all.engine.close();
  all.bot.child.kill('SIGTERM');
  await all.bot.exit;
  await all.stage.strike();
  await all.slack.close();
}

/** She may not approve: what matters is the request itself, which passes through the test's hands. */
async function clickOfAlice(slack: Simulator, url: string): Promise<string> {
  let seen = '';
  const between: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    if (body.toString().startsWith('payload=')) seen = body.toString();
    const names = ['content-type', 'x-slack-request-timestamp', 'x-slack-signature'];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const answer = await fetch(url, { method: 'POST', body, headers });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const address = between.address();
  slack.setAppUrl(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}${eventsPath}`);
  const card = await slack.waitFor((messages) => messages.find((message) => buttonOn(message, 'approve')), {
    timeoutMs: 60_000,
  });
  await slack.click({ user: alice, channel, messageTs: card.ts, actionId: 'deploy.approve' });
  await new Promise((resolve) => between.close(resolve));
  expect(seen).toContain(alice);
  return seen;
}

const refusedClicks = (engine: Engine) =>
  engine.audit.after(0, 5_000).filter(({ action }) => action === 'strangers-refused');

describe.skipIf(!isRoot)('a release that acts as the bot (needs root to change accounts)', () => {
  it('approves itself in the name of bob where it runs as the bot does', { timeout: 180_000 }, async () => {
    const crime = await setCrime('');
    try {
      expect(await tries(crime.port, 'secret', crime.loot)).toBe(signingSecret);
      expect(await tries(crime.port, 'click', crime.loot)).toBe(200);
      const view = await until(crime.engine, crime.id, finished);
      expect(view.outcome).toMatchObject({ kind: 'promoted' });
      expect(view.approval?.given).toEqual(['bob']);
    } finally {
      await crime.end();
    }
  });

  describe('under a separate account', () => {
    let crime: Crime;
    beforeAll(async () => {
      crime = await setCrime('    user: nobody');
    }, 180_000);
    afterAll(() => crime?.end());

    it('finds no secret, and its click as bob is refused and counted in the audit log', {
      timeout: 60_000,
    }, async () => {
      expect(await tries(crime.port, 'secret', crime.loot)).toBe('EACCES');
      expect(await tries(crime.port, 'click', crime.loot)).toBe(401);
      expect(crime.engine.deployment(crime.id)).toMatchObject({
        phase: 'await-approval',
        approval: { status: 'pending', given: [] },
      });
      const state = new DatabaseSync(join(crime.stage.settings.stateFolder, 'state.sqlite'));
      // The row is written when the minute is over: this one ends now.
      await expect
        .poll(() => state.prepare('UPDATE strangers SET minute = minute - 1').run().changes, { timeout: 20_000 })
        .toBeGreaterThan(0);
      state.close();
      await expect.poll(() => refusedClicks(crime.engine).length, { timeout: 30_000 }).toBeGreaterThan(0);
      expect(refusedClicks(crime.engine)[0]?.detail).toMatchObject({ door: 'slack', count: 1 });
    });

    it.each([
      ['memory', 'EACCES'],
      ['files', 'EACCES'],
      ['folder', 'EACCES'],
      ['trace', 'EPERM'],
      ['core', 'EPERM'],
    ])("cannot get at the bot's %s", async (act, code) => {
      expect(await tries(crime.port, act, crime.loot)).toBe(code);
    });

    it('cannot reach a socket of the state folder: the control of the balancer, commands of controllers', async () => {
      const sockets = socketsBelow(crime.stage.settings.stateFolder);
      expect(sockets.length).toBeGreaterThan(0);
      for (const path of sockets)
        expect([path, await tries(crime.port, 'connect', { path })]).toEqual([path, 'EACCES']);
    });

    it.each([
      ['read', 'state/state.sqlite'],
      ['list', 'state'],
      ['list', 'state/logs'],
      ['read', 'state/logs/shop.production.blue.log'],
      ['write', 'state/logs/shop.production.blue.log.pipe'],
      ['read', 'state/slots/shop/production/blue.json'],
      ['write', 'state/marks.key'],
    ])('cannot %s %s', async (act, path) => {
      expect(await tries(crime.port, act, { path: join(crime.stage.folder, path) })).toBe('EACCES');
    });

    it.each([
      ['write', 'releases/shop/v1.0/server.mjs'],
      ['write', 'releases/shop/v1.0/more.mjs'],
      ['move', 'releases/shop/v1.0'],
      ['write', 'releases/shop/v2.1/server.mjs'],
      ['move', 'releases/shop'],
      ['write', 'bluegreen.yaml'],
    ])('cannot %s %s: no slot is started with what it made', async (act, path) => {
      expect(await tries(crime.port, act, { path: join(crime.stage.folder, path) })).toBe('EACCES');
    });

    it('leaves bob the decision, and the bot goes on', { timeout: 60_000 }, async () => {
      const { stateVersion = 0 } = crime.engine.deployment(crime.id) ?? {};
      value(crime.engine.approve({ id: crime.id, stateVersion }, { kind: 'person', id: 'bob', door: 'cli' }));
      expect((await until(crime.engine, crime.id, finished)).outcome).toMatchObject({ kind: 'promoted' });
    });
  });
});

describe.skipIf(!isRoot)('sockets of balancers, for an account that is not root', () => {
  it.skipIf(!existsSync('/usr/sbin/haproxy'))('of HAProxy are closed', { timeout: 120_000 }, async () => {
    const stage = await setStage({ balancer: 'haproxy', target: '\n        canary: []\n        bake: 1s\n' });
    try {
      chmodSync(stage.folder, 0o711);
      const { engine } = stage.drive();
      await until(engine, value(engine.deploy({ version: 'v1.0', actor: byAlice })).id, finished);
      const sockets = socketsBelow(stage.settings.stateFolder);
      expect(sockets.filter((path) => path.includes('haproxy')).length).toBeGreaterThan(0);
      for (const path of sockets) expect([path, connectsUnprivileged(path)]).toEqual([path, 'EACCES']);
    } finally {
      await stage.strike();
    }
  });
});

function connectsUnprivileged(path: string): string {
  const script = `require('node:net').connect(process.argv[1]).on('connect', () => { console.log('connected'); process.exit(); }).on('error', ({ code }) => console.log(code))`;
  const argv = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', process.execPath, '-e', script, path];
  return execFileSync('/usr/bin/setpriv', argv, { encoding: 'utf8', cwd: '/' }).trim();
}

function socketsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isSocket());
}
