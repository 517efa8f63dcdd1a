// The charts as a file in the card's thread: only where the workspace knows no native ones, and never in the card's way.

import { type OutboxMessage, silentLog } from '@bg/engine';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../../../tools/simulator/index.ts';
import { connectSlack, type Slack } from '../slack/api.ts';
import { buildManifest } from '../slack/manifest.ts';
import { noon, trend, view } from '../testing/views.ts';
import { botToken, signingSecret } from '../testing/workspace.ts';
import { draw } from './draw.ts';
import { cardKey, transport } from './messages.ts';
import { send } from './send.ts';
import type { Sender } from './sending.ts';

const channel = 'C0DEPLOYS';
const shown = view();

let simulator: Simulator;
let slack: Slack;
let results: string[];
let references: Map<string, unknown>;
afterEach(() => simulator.close());
beforeEach(() => start(['files:write']));

async function start(scopes: readonly string[]): Promise<void> {
  const manifest = buildManifest({ url: 'http://127.0.0.1:3000' });
  manifest.oauth_config.scopes.bot.push(...(scopes as never[]));
  simulator = await startSimulator({ signingSecret, botToken, manifest });
  slack = connectSlack(new WebClient(botToken, { slackApiUrl: simulator.apiUrl, retryConfig: { retries: 0 } }));
  await slack.identify();
  results = [];
  const mark = { key: cardKey(shown.id), version: 1 };
  const posted = await slack.post({ channel, card: { text: 'the card', blocks: [] }, mark });
  references = new Map<string, unknown>([
    [cardKey(shown.id), posted.ok ? posted.value : undefined],
    [`newer-blocks:${slack.workspace()}`, { refusedAt: noon }],
  ]);
}

async function sendChart(attempts = 0): Promise<void> {
  const message: OutboxMessage = {
    ...{ key: `chart:${shown.id}`, transport, kind: 'chart', payload: { deploymentId: shown.id }, version: 1 },
    ...{ urgent: false, final: false, attempts, createdAt: noon, reference: undefined },
  };
  const outbox = {
    reference: (key: string) => references.get(key),
    sent: () => results.push('sent'),
    drop: (_key: string, _version: number, why: string) => results.push(`dropped: ${why}`),
    retry: (_key: string, afterMs: number) => results.push(`again in ${afterMs} ms`),
  };
  const engine = { outbox, deployment: () => shown, timelines: { trend: () => trend() } };
  const sender = { engine, slack, log: silentLog, clock: { now: () => noon } } as unknown as Sender;
  const drawn = draw({ ...sender, message });
  if (drawn !== undefined) await send(sender, { message, drawn, returnsBefore: 0 });
}

/** Replies, with the names of their files. */
function inThread(): readonly string[] {
  const [card] = simulator.messages({ channel, user: 'U0ALICE' });
  const all = simulator.messages({ channel, user: 'U0ALICE', thread: card?.ts });
  return all.filter(({ ts }) => ts !== card?.ts).map((message) => JSON.stringify(message));
}

test('it stands in the thread of the card', async () => {
  await sendChart();
  expect(results).toEqual(['sent']);
  expect(inThread()).toEqual([expect.stringContaining('dep_7f3a.svg')]);
});

test('a workspace with native charts gets none', async () => {
  references.delete(`newer-blocks:${slack.workspace()}`);
  await sendChart();
  expect(results).toEqual(['dropped: the charts are on the card']);
  expect(simulator.apiCalls().some(({ method }) => method.startsWith('files.'))).toBe(false);
});

test('a missing right is no failure of anything: it is left out', async () => {
  await simulator.close();
  await start([]);
  await sendChart();
  expect(results).toEqual(['dropped: Slack answered missing_scope (needs files:write)']);
  expect(inThread()).toEqual([]);
});

test('it waits for its card, and for Slack, but not for ever', async () => {
  references.delete(cardKey(shown.id));
  await sendChart();
  simulator.fault({ method: 'files.getUploadURLExternal', status: 503, times: 2 });
  references.set(cardKey(shown.id), { channel, ts: '1.1' });
  await sendChart();
  await sendChart(2);
  expect(results).toEqual(['again in 1000 ms', 'again in 30000 ms', expect.stringContaining('dropped: ')]);
});
