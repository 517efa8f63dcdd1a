// How soon Slack gets its answer, and people their card: the real bot process, engine and database with the Slack
// simulator, compared with a Bolt app that does nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryResult, SeenMessage, Simulator } from '../tools/simulator/index.ts';
import { brisk } from '../tools/stack/demo-config.ts';
import { placesIn } from '../tools/stack/places.ts';
import { anyPorts, choosePorts } from '../tools/stack/ports.ts';
import { raiseStack, type Stack } from '../tools/stack/stack.ts';
import { bars } from './bars.ts';
import { type Bench, type Figure, median, percentile } from './figures.ts';
import { type IdleWorkspace, startIdleWorkspace } from './idle-workspace.ts';

const channel = 'C0DEPLOYS';
const alice = 'U0ALICE';
const bob = 'U0BOB';
const atOnce = 50;
const runs = 7;
const cardRuns = 7;
const stepMs = 60_000;
/** A watch without users never has its numbers, so the deployment does not move while we measure. */
const pace = { ...brisk, canary: '[{ percent: 10, approval: true }]' };

export const slackBench: Bench = {
  title: 'slack',
  how: `${atOnce} at once, after a warm-up, median of ${runs} runs; each one a refusal that is decided and audited`,
  limitMs: 600_000,
  run: async (say, signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'bg-bench-'));
    const idle = await startIdleWorkspace();
    try {
      const ports = await choosePorts(anyPorts);
      const stack = await raiseStack({ places: placesIn(folder), ports, pace, env: process.env, say }, signal);
      try {
        return { figures: await measure({ stack, idle, say }) };
      } finally {
        await stack.strike();
      }
    } finally {
      await idle.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Ground {
  readonly stack: Stack;
  readonly idle: IdleWorkspace;
  readonly say: (sentence: string) => void;
}

async function measure({ stack, idle, say }: Ground): Promise<readonly Figure[]> {
  const ours = stack.simulator;
  await ours.command({ user: alice, channel, command: '/deploy', text: 'v2.1' });
  const card = await cardReading(ours, /needs approval/);
  const press = { user: alice, channel, messageTs: card.ts, actionId: 'deploy.approve', confirmed: true };
  const idlePress = { ...press, messageTs: idle.messageTs, actionId: idle.actionId };
  // The target is busy, and alice may not approve her own: both are refused, and both are written down.
  const command = { user: alice, channel, command: '/deploy', text: 'v2.0' };
  say(`Measuring ${runs} times ${atOnce} commands and ${atOnce} clicks …`);
  const commands = await sideBySide(
    () => ours.command(command),
    () => idle.simulator.command(command),
  );
  const clicks = await sideBySide(
    () => ours.click(press),
    () => idle.simulator.click(idlePress),
  );
  const cardMs = await timeCards(ours, card.ts);
  return [
    ...figuresOf('command', commands),
    ...figuresOf('click', clicks),
    {
      name: 'click until the card shows it, median',
      unit: 'ms',
      value: cardMs,
      peer: undefined,
      bar: bars.slack.cardUpdatedMs,
    },
  ];
}

interface Pair {
  readonly here: { readonly p50: number; readonly p99: number };
  readonly idle: { readonly p50: number; readonly p99: number };
}

type Send = () => Promise<DeliveryResult>;

async function sideBySide(here: Send, idle: Send): Promise<Pair> {
  const runsHere: number[][] = [];
  const runsIdle: number[][] = [];
  for (let run = 0; run <= runs; run += 1) {
    const [one, other] = [await burst(here), await burst(idle)];
    if (run === 0) continue;
    runsHere.push(one);
    runsIdle.push(other);
  }
  const of = (all: readonly number[][]) => ({
    p50: median(all.map((times) => percentile(times, 0.5))),
    p99: median(all.map((times) => percentile(times, 0.99))),
  });
  return { here: of(runsHere), idle: of(runsIdle) };
}

/** Milliseconds until each was acknowledged, as Slack sees it; one that it gave up counts with the time it waited. */
async function burst(send: Send): Promise<number[]> {
  const results = await Promise.all(Array.from({ length: atOnce }, send));
  const wrong = results.find(
    ({ status, error }) => (status !== 200 || error !== undefined) && error !== 'operation_timeout',
  );
  if (wrong !== undefined) throw new Error(`not acknowledged: ${wrong.error ?? wrong.status}`);
  // What they set off is not part of the next burst.
  await delay(1_500);
  return results.map(({ ms }) => ms);
}

function figuresOf(name: string, { here, idle }: Pair): readonly Figure[] {
  const figure = (what: 'p50' | 'p99', bar: number | undefined): Figure => ({
    name: `${name} acknowledged, ${what}`,
    unit: 'ms',
    value: here[what],
    peer: { name: 'a Bolt handler that does nothing', value: idle[what] },
    bar,
  });
  return [figure('p50', undefined), figure('p99', bars.slack.acknowledgedP99Ms)];
}

/** Pause and resume in turn, each until the card in the channel says so. */
async function timeCards(simulator: Simulator, messageTs: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < cardRuns; run += 1) {
    const pausing = run % 2 === 0;
    const actionId = pausing ? 'deploy.pause' : 'deploy.resume';
    const seen = cardReading(simulator, pausing ? /paused/i : /needs approval/);
    const at = performance.now();
    await simulator.click({ user: bob, channel, messageTs, actionId, confirmed: true });
    await seen;
    times.push(performance.now() - at);
    await delay(2_000);
  }
  return median(times);
}

function cardReading(simulator: Simulator, desired: RegExp): Promise<SeenMessage> {
  return simulator.waitFor(
    (messages) =>
      messages.find((each) => !each.isEphemeral && /^shop v2\.1: /.test(each.text) && desired.test(each.text)),
    { timeoutMs: stepMs, user: bob, channel },
  );
}
