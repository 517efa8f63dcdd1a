// Looks all the time whether the sides that users are sent to have enough instances that answer: a side with users must
// never be stopped, scaled down or started again under them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '@bg/engine';
import type { Stage } from './stage.ts';

export interface ReadySampler {
  /** Ends it. `below`: what was seen with too few, as sentences. */
  stop(): Promise<{ readonly samples: number; readonly below: readonly string[] }>;
}

const everyMs = 50;

interface Sampled {
  /** Another engine than the one that moves deployments. */
  readonly engine: Engine;
  readonly minimum: number;
}

export function sampleReady(stage: Stage, { engine, minimum }: Sampled): ReadySampler {
  const slots = stage.settings.targets[0]?.slots;
  if (!slots) throw new Error('the stage has no target');
  const portsOf = (slot: 'blue' | 'green') => slots[slot].ports ?? [slots[slot].port];
  const below: string[] = [];
  let samples = 0;
  let over = false;
  const sample = async (): Promise<void> => {
    const before = sidesWithUsers(engine);
    const counted = await Promise.all(before.map(async (slot) => ({ slot, ready: await readyOf(portsOf(slot)) })));
    const after = sidesWithUsers(engine);
    samples += 1;
    for (const { slot, ready } of counted)
      if (ready < minimum && after.includes(slot)) below.push(`${ready} of ${portsOf(slot).length} in ${slot}`);
  };
  const sampling = (async () => {
    while (!over) {
      await sample();
      await delay(everyMs);
    }
  })();
  return {
    stop: async () => {
      over = true;
      await sampling;
      return { samples, below };
    },
  };
}

function sidesWithUsers(engine: Engine): readonly ('blue' | 'green')[] {
  const { active, canary } = engine.status().targets[0]?.routing ?? {};
  return [...new Set([active, canary?.slot])].filter((slot) => slot !== undefined);
}

async function readyOf(ports: readonly number[]): Promise<number> {
  const answers = ports.map((port) =>
    fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(10_000) }).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return (await Promise.all(answers)).filter((ok) => ok).length;
}
