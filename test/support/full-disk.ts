// Something that takes every block as soon as it is free, as a service does whose log fills the disk; and what is to be
// seen of a target while it does.

import type { Engine } from '@bg/engine';
import { expect } from 'vitest';
import type { SmallDisk } from '../../packages/engine/src/lib/testing/small-disk.ts';
import type { Stage } from './stage.ts';

export interface Hog {
  /** The disk has room again. */
  stop(): void;
}

const everyMs = 20;

export function startHog(disk: SmallDisk): Hog {
  disk.fill();
  const timer = setInterval(() => disk.fill(), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      disk.makeRoom();
    },
  };
}

/** What users get is what the state says, whatever the version. */
export async function expectTruth(stage: Stage, engine: Engine): Promise<string> {
  const answer = await fetch(`${stage.front}/health`);
  const { version } = (await answer.json()) as { version: string };
  const active = engine.status().targets[0]?.slots.find(({ role }) => role === 'active');
  expect(active?.version).toBe(version);
  return version;
}

/** The last of what happened, for a failure to say why. */
export function story(engine: Engine): string {
  const last = engine.audit.after(0, 100_000).slice(-25);
  return last.map(({ action, code, sentence }) => `${action} ${code ?? ''}: ${sentence}`).join('\n');
}

/** Canary and bake take so long that a fault at their beginning falls into them. */
export const fullDiskTarget = `
        canary: [{ percent: 10, watch: 2s }]
        judge: { minRequests: 3, maxErrorRate: 50%, patience: 60s, atEnd: abort }
        bake: 2s
`;
/** A small disk has less than the default wants to be free. */
export const fullDiskService = '    limits: { disk: 2MB }';
