// The shop works before users come: the first release goes live through the engine, as any other does.

import { setTimeout as delay } from 'node:timers/promises';
import type { Actor, Engine } from '@bg/engine';

export interface FirstRelease {
  readonly engine: Engine;
  /** Where users connect. */
  readonly shop: string;
  readonly version: string;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
}

const host: Actor = { kind: 'machine', name: 'demonstration', door: 'cli' };
const deployLimitMs = 120_000;
const backLimitMs = 60_000;

/** Resolves with what is live: the given version, or whatever was live before the last stop. */
export async function makeLive(first: FirstRelease): Promise<string> {
  const { engine, shop, say, signal } = first;
  const before = activeVersion(engine);
  if (before === undefined) await deployFirst(first);
  else say(`Bringing back ${before}, which was live before …`);
  for (const end = Date.now() + backLimitMs; Date.now() < end; await delay(100, undefined, { signal })) {
    const version = await versionOf(shop);
    if (version !== undefined) return version;
    // Stopped in the middle of the very first deployment: after it, no side serves users.
    if (before !== undefined && servesNobody(engine)) await deployFirst(first);
  }
  throw new Error(`nothing answers at ${shop} within ${backLimitMs / 1_000} s`);
}

async function deployFirst({ engine, version, say, signal }: FirstRelease): Promise<void> {
  say(`Putting ${version} live, the first release of the shop, and watching it for a moment …`);
  const asked = engine.deploy({ version, actor: host, reason: 'the first release' });
  if (!asked.ok) throw new Error(`${version} was refused: ${asked.refusal.sentence}`);
  const { id } = asked.value;
  for (const end = Date.now() + deployLimitMs; Date.now() < end; ) {
    const { outcome } = engine.deployment(id) ?? {};
    if (outcome?.kind === 'promoted') return;
    if (outcome !== undefined) throw new Error(`${version} did not go live: ${outcome.sentence}`);
    await engine.changed(500, signal);
    signal.throwIfAborted();
  }
  throw new Error(`${version} is not live within ${deployLimitMs / 1_000} s (${engine.deployment(id)?.phase})`);
}

function activeVersion(engine: Engine): string | undefined {
  const [target] = engine.status().targets;
  return target?.slots.find(({ role }) => role === 'active')?.version;
}

function servesNobody(engine: Engine): boolean {
  return activeVersion(engine) === undefined && engine.status().targets[0]?.live === undefined;
}

async function versionOf(shop: string): Promise<string | undefined> {
  const answer = await fetch(`${shop}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  if (!answer?.ok) return undefined;
  return answer.headers.get('x-shop')?.split(' ')[1];
}
