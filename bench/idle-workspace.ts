// A separate workspace for the Bolt app that does nothing, with one message whose button can be clicked.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildManifest } from '../apps/slack-bot/src/slack/manifest.ts';
import { type Simulator, startSimulator } from '../tools/simulator/index.ts';
import { anyPorts, choosePorts } from '../tools/stack/ports.ts';

export interface IdleWorkspace {
  readonly simulator: Simulator;
  /** Of the message with the button. */
  readonly messageTs: string;
  readonly actionId: string;
  close(): Promise<void>;
}

const signingSecret = 'idle-signing-secret';
const botToken = 'xoxb-simulator-idle';
const actionId = 'deploy.approve';
const startLimitMs = 20_000;

export async function startIdleWorkspace(): Promise<IdleWorkspace> {
  const { bot } = await choosePorts(anyPorts);
  const url = `http://127.0.0.1:${bot}`;
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'idle-bolt.ts'), String(bot)], {
    env: { PATH, HOME, SLACK_SIGNING_SECRET: signingSecret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(startLimitMs) });
  const manifest = buildManifest({ url });
  const simulator = await startSimulator({ signingSecret, botToken, manifest, appUrl: `${url}/slack/events` });
  return {
    simulator,
    messageTs: await postButton(simulator),
    actionId,
    close: async () => {
      child.kill('SIGTERM');
      await simulator.close();
    },
  };
}

async function postButton({ apiUrl }: Simulator): Promise<string> {
  const element = { type: 'button', action_id: actionId, value: '1', text: { type: 'plain_text', text: 'Press' } };
  const answer = await fetch(`${apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ channel: 'C0DEPLOYS', text: 'press', blocks: [{ type: 'actions', elements: [element] }] }),
  });
  const { ok, ts, error } = (await answer.json()) as { ok: boolean; ts?: string; error?: string };
  if (!ok || ts === undefined) throw new Error(`the peer's message was refused: ${error}`);
  return ts;
}
