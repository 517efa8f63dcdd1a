// Rule A2, sampled all the time: a side that users are sent to has enough instances that answer, and none of its processes
// is stopped or started again under them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, SlotView } from '@bg/engine';
import type { Stage } from './stage.ts';

export interface ReadySampler {
  /**
   * Ends it. As sentences: `below`, what was seen with too few, and `changed`, whose processes were others while users were
   * sent there.
   */
  stop(): Promise<{ readonly samples: number; readonly below: readonly string[]; readonly changed: readonly string[] }>;
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
  const changed: string[] = [];
  let processes: Processes = {};
  let samples = 0;
  let over = false;
  const sample = async (): Promise<void> => {
    const before = sidesWithUsers(engine);
    const counted = await Promise.all(before.map(async (slot) => ({ slot, ready: await readyOf(portsOf(slot)) })));
    const after = sidesWithUsers(engine);
    samples += 1;
    const now = processesOf(engine, after);
    for (const slot of before.filter((each) => after.includes(each))) {
      const lost = (processes[slot] ?? []).filter((pid) => !now[slot]?.includes(pid));
      if (lost.length > 0) changed.push(`${lost.join(', ')} of ${slot} became ${now[slot]?.join(', ') || 'nothing'}`);
    }
    processes = now;
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
      return { samples, below, changed };
    },
  };
}

/** Pids of the sides that users are sent to, as they were last looked at. */
type Processes = Readonly<Partial<Record<'blue' | 'green', readonly number[]>>>;

function processesOf(engine: Engine, sides: readonly ('blue' | 'green')[]): Processes {
  const slots = engine.status().targets[0]?.slots ?? [];
  const pidsOf = ({ pid, instances }: SlotView) =>
    (instances?.map((each) => each.pid) ?? [pid]).filter((each) => each !== undefined);
  const running = slots.filter(({ slot }) => sides.includes(slot)).map((each) => [each.slot, pidsOf(each)] as const);
  // A side whose role has just changed is not looked at yet.
  return Object.fromEntries(running.filter(([, pids]) => pids.length > 0));
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
