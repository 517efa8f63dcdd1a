// What the people of the tour do and wait for: they type, they click, they read cards.

import { setTimeout as delay } from 'node:timers/promises';
import type { DeploymentView, Role } from '@bg/engine';
import type { Answer } from '../load-client.ts';
import type { SeenMessage } from '../simulator/index.ts';
import type { Places } from '../stack/places.ts';
import type { Stack } from '../stack/stack.ts';
import type { Checks } from './checks.ts';
import { asRead, nameOf, timeOfDay } from './transcript.ts';

export const channel = 'C0DEPLOYS';
export const alice = 'U0ALICE';
export const bob = 'U0BOB';

export interface Scene {
  readonly stack: Stack;
  readonly places: Places;
  readonly checks: Checks;
  readonly print: (line: string) => void;
  /** Every answer that users got so far. */
  readonly answers: readonly Answer[];
  readonly signal: AbortSignal;
}

const waitMs = 60_000;

/** Resolves with the time at which the command was typed (epoch ms). */
export async function type({ stack, print, checks }: Scene, user: string, command: string, text = ''): Promise<number> {
  const at = Date.now();
  print(`  ${timeOfDay(at)} ${nameOf(user)} types ${`${command} ${text}`.trim()}`);
  const { status, ms, error } = await stack.simulator.command({ user, channel, command, text });
  if (status !== 200 || error) checks.check(`${command} is acknowledged`, false, `${error ?? status} after ${ms} ms`);
  return at;
}

export async function press({ stack, print }: Scene, user: string, card: SeenMessage, action: string): Promise<void> {
  print(`  ${timeOfDay(Date.now())} ${nameOf(user)} presses ${action}`);
  await stack.simulator.click({ user, channel, messageTs: card.ts, actionId: `deploy.${action}`, confirmed: true });
}

/** The message with the expected text, posted since then (epoch ms). */
export async function reads({ stack, signal }: Scene, desired: RegExp, from = 0): Promise<SeenMessage> {
  const found = stack.simulator.waitFor(
    (messages) =>
      signal.aborted ||
      messages.findLast((each) => !each.isEphemeral && postedAt(each) >= from && desired.test(asRead(each.text))),
    { timeoutMs: waitMs },
  );
  const message = await found;
  if (message === true) throw signal.reason;
  return message;
}

/** The message with the expected text that only this person sees, posted since then (epoch ms). */
export function seenBy({ stack }: Scene, user: string, desired: RegExp, from = 0): Promise<SeenMessage> {
  return stack.simulator.waitFor(
    (messages) =>
      messages.findLast(
        (each) => each.isEphemeral && postedAt(each) >= from && desired.test(JSON.stringify([each.text, each.blocks])),
      ),
    { user, channel, timeoutMs: waitMs },
  );
}

const postedAt = ({ ts }: SeenMessage): number => Number(ts) * 1_000;

/** The newest deployment of this version, once it is as expected. */
export async function until(
  { stack: { engine }, signal }: Scene,
  version: string,
  desired: (view: DeploymentView) => boolean,
): Promise<DeploymentView> {
  let view: DeploymentView | undefined;
  for (const end = Date.now() + waitMs; Date.now() < end; await engine.changed(200, signal)) {
    signal.throwIfAborted();
    const history = engine.history({}, 5);
    view = history.ok ? history.value.find((each) => each.version === version) : undefined;
    if (view && desired(view)) return view;
  }
  throw new Error(`${version} did not get there within ${waitMs / 1_000} s: ${view?.phase ?? 'not even asked for'}`);
}

export const finished = ({ outcome }: DeploymentView): boolean => outcome !== undefined;

/** What its receipt says, for people. */
export function proofOf({ receipt }: DeploymentView): string {
  const nodes = receipt?.nodes.map(({ probes, seen }) => `${seen} of ${probes} probes saw it`) ?? [];
  return nodes.join(', ') || 'no receipt';
}

/** What users got in a span of time, by when they were answered (epoch ms). */
export function answersBetween({ answers }: Scene, from: number, to = Number.POSITIVE_INFINITY): readonly Answer[] {
  return answers.filter(({ endedAt }) => endedAt >= from && endedAt < to);
}

/** How many of the people met this version since then. */
export function shareOf(scene: Scene, version: string, from: number): number {
  const since = answersBetween(scene, from);
  const people = new Set(since.map(({ user }) => user));
  const met = new Set(since.filter((each) => each.version === version).map(({ user }) => user));
  return people.size === 0 ? 0 : met.size / people.size;
}

export function versionsOf(answers: readonly Answer[]): readonly string[] {
  return [...new Set(answers.flatMap(({ version }) => version ?? []))];
}

export const liveVersion = (scene: Scene): string => versionIn(scene, 'active');
/** What a rollback goes back to. */
export const standbyVersion = (scene: Scene): string => versionIn(scene, 'standby');

function versionIn({ stack: { engine } }: Scene, role: Role): string {
  const version = engine.status().targets[0]?.slots.find((slot) => slot.role === role)?.version;
  if (version === undefined) throw new Error(`no slot is ${role}`);
  return version;
}

export const settle = (ms: number): Promise<void> => delay(ms);
