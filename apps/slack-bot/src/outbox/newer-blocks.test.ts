// A workspace that does not know native charts: no update is lost, and it is asked again after a day.

import { type Outbox, type OutboxMessage, silentLog } from '@bg/engine';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../../../tools/simulator/index.ts';
import { deploymentCard } from '../cards/deployment-card.ts';
import { mentionFormatter } from '../cards/people-formatter.ts';
import { connectSlack, type Slack } from '../slack/api.ts';
import { buildManifest } from '../slack/manifest.ts';
import { everyView, noon, observation, trend, view } from '../testing/views.ts';
import { botToken, signingSecret } from '../testing/workspace.ts';
import { transport } from './messages.ts';
import { triedAgainMs } from './newer-blocks.ts';
import { send } from './send.ts';
import type { Sender } from './sending.ts';

const channel = 'C0DEPLOYS';
const key = 'card:dep_7f3a';

let simulator: Simulator;
let slack: Slack;
let references: Map<string, unknown>;
let now: number;
beforeEach(async () => {
  simulator = await startSimulator({
    signingSecret,
    botToken,
    manifest: buildManifest({ url: 'http://127.0.0.1:3000' }),
  });
  slack = await connected(simulator);
  references = new Map();
  now = noon;
});
afterEach(() => simulator.close());

async function connected({ apiUrl }: Simulator): Promise<Slack> {
  const client = connectSlack(new WebClient(botToken, { slackApiUrl: apiUrl, retryConfig: { retries: 0 } }));
  await client.identify();
  return client;
}

/** Sends the card as it is `seconds` after noon. */
async function sendCard(seconds: number): Promise<void> {
  const message: OutboxMessage = {
    ...{ key, transport, kind: 'card', payload: {}, version: seconds + 1, urgent: false, final: false },
    ...{ attempts: 0, createdAt: now, reference: references.get(key) },
  };
  const shown = view({ ...everyView.canary, observation: { ...observation, at: noon + seconds * 1000 } });
  const card = deploymentCard(shown, mentionFormatter([]), { trend: trend() });
  await send(sender(), { message, drawn: { channel, card }, returnsBefore: 0 });
}

function sender(): Sender {
  const outbox: Pick<Outbox, 'reference' | 'remember' | 'sent'> = {
    reference: (each) => references.get(each),
    remember: (each, _, reference) => void references.set(each, reference),
    sent: (each, _, reference) => void references.set(each, reference),
  };
  return {
    engine: { outbox, whenWritable: async () => {} },
    slack,
    clock: { now: () => now },
    log: silentLog,
    returns: { count: () => 0 },
    buckets: { take: () => true, closeFor: () => {} },
    startedAt: 0,
  } as unknown as Sender;
}

const posted = () => simulator.messages({ channel, user: 'U0ALICE' });
const chartsIn = (blocks: unknown): number => JSON.stringify(blocks).split('"data_visualization"').length - 1;
const calls = () => simulator.apiCalls().filter(({ method }) => method.startsWith('chat.')).length;

test('a workspace that knows them gets them, in one call', async () => {
  await sendCard(0);
  expect(posted().map(({ blocks }) => chartsIn(blocks))).toEqual([2]);
  expect(calls()).toBe(1);
});

test('one that does not gets the same card without them, and is not asked again for a day', async () => {
  simulator.forgetBlocks(['data_visualization']);
  await sendCard(0);
  const [first] = posted();
  expect(chartsIn(first?.blocks)).toBe(0);
  expect(JSON.stringify(first?.blocks)).toContain('2 (0.17 %) errors');
  expect(calls()).toBe(2);
  await sendCard(3);
  await sendCard(6);
  expect(calls()).toBe(4);
  expect(posted()).toHaveLength(1);
  expect(JSON.stringify(posted()[0]?.blocks)).toContain(`about:dep_7f3a:12:${noon + 6_000}`);
});

test('after a day it is asked again, and has the charts when it knows them now', async () => {
  simulator.forgetBlocks(['data_visualization']);
  await sendCard(0);
  now += triedAgainMs - 1;
  simulator.forgetBlocks([]);
  await sendCard(3);
  expect(chartsIn(posted()[0]?.blocks)).toBe(0);
  now += 1;
  await sendCard(6);
  expect(chartsIn(posted()[0]?.blocks)).toBe(2);
});

test('what one workspace does not know says nothing about another', async () => {
  simulator.forgetBlocks(['data_visualization']);
  await sendCard(0);
  references.delete(key);
  const other = await startSimulator({
    signingSecret,
    botToken,
    manifest: buildManifest({ url: 'http://127.0.0.1:3000' }),
  });
  slack = await connected(other);
  await sendCard(3);
  expect(other.messages({ channel, user: 'U0ALICE' }).map(({ blocks }) => chartsIn(blocks))).toEqual([2]);
  await other.close();
});

test('where the plain card is refused too, the charts were not the reason, and the text is sent', async () => {
  simulator.fault({ method: 'chat.postMessage', error: 'invalid_blocks', times: 2 });
  await sendCard(0);
  expect(posted()[0]).toMatchObject({ blocks: [] });
  expect(posted()[0]?.text).toContain('shop v2.1: canary 10 %');
  await sendCard(3);
  expect(chartsIn(posted()[0]?.blocks)).toBe(2);
});
