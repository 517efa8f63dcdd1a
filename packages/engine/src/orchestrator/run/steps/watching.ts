// The loop of every step that waits while users are on the new side: each second both sides are compared, and a crash,
// ill health or a failed verdict ends it, whatever else it waits for.

import type { Judgement } from '../../../analysis/judge.ts';
import { shortName } from '../../../domain/actor.ts';
import type { HealthState } from '../../../environment/health-state.ts';
import { pendingPromote, readDeployment } from '../../../state/deployments.ts';
import { getSnapshot, progressKey, putSnapshot, slotKey } from '../../../state/snapshots.ts';
import { readRouting } from '../../../state/targets.ts';
import { shareOf } from '../../routing/routing.ts';
import { seenIn } from '../../seen-side.ts';
import { outputOf } from '../await-healthy.ts';
import { done, failed, interrupted, type StepFrame, type StepResult } from '../step.ts';
import { createObserver } from './observe.ts';
import { pauseForSignals } from './pause-for-signals.ts';

const tickMs = 1_000;
/** A longer gap between two checks (a suspended machine, no controller) was not watched: that time does not count. */
const longestGapMs = 5_000;

export interface WatchTick {
  readonly judgement: Judgement;
  readonly paused: boolean;
  /** Epoch milliseconds: for deadlines of people. */
  readonly now: number;
  /** For how long the sides have really been checked in this step, without pauses of watching and restarts. */
  readonly watchedMs: number;
}

export interface Watch {
  /** Whether the new side has users, whose answers are judged. */
  readonly judged: boolean;
  readonly sinceMs: number;
  /** Of a step that ends by time: its progress is stored, so that the next controller continues from there. */
  readonly lengthMs?: number;
  /** Asked every tick and after every change; a result ends the step. */
  readonly decide: (tick: WatchTick) => StepResult | undefined;
}

/** Ends with a result of `decide`, with the failure of the new side, or with `interrupted` when the signal aborts. */
export async function keepWatch(context: StepFrame, watch: Watch): Promise<StepResult> {
  const { core, deployment, signal, target } = context;
  const { counts } = target.balancer;
  let judgement = counts ? unjudged : uncounted;
  let nextLookAt = 0;
  const progress = createProgress(context, watch);
  const observer = counts && createObserver(context, counts);
  while (!signal.aborted) {
    // A person's signal is handled at once; the sides are checked once a tick, however much else changes meanwhile.
    if (core.clock.monotonic() >= nextLookAt) {
      nextLookAt = core.clock.monotonic() + tickMs;
      const trouble = await troubleOfSide(context);
      if (trouble) return trouble;
      if (watch.judged && observer) {
        const { sinceMs, lengthMs } = watch;
        const observed = await observer.observe({ sinceMs, watchedMs: progress.watchedMs(), lengthMs });
        judgement = observed.judgement;
        pauseForSignals(context, observed.checks);
      }
      if (judgement.verdict === 'Failed') return failed('canary-failed', judgement.sentence);
      progress.looked();
      // The last look is when the time is over, and no tick later.
      nextLookAt = Math.min(nextLookAt, core.clock.monotonic() + progress.leftMs());
    }
    const paused = readDeployment(core.store.db, deployment.id)?.pausedAt != null;
    const decided = watch.decide({ judgement, paused, now: core.clock.now(), watchedMs: progress.watchedMs() });
    if (decided) return decided;
    await core.changeSignal.changed(Math.max(1, nextLookAt - core.clock.monotonic()), signal);
  }
  return interrupted;
}

interface Progress {
  readonly looked: () => void;
  readonly watchedMs: () => number;
  /** Until the time of the step is over; endless where it is over, or where the step has none. */
  readonly leftMs: () => number;
}

/** The monotonic clock measures it: who sets the wall clock neither ends a watch nor makes it last. */
function createProgress({ core, deployment, stepKey }: StepFrame, { lengthMs }: Watch): Progress {
  const key = progressKey(deployment.id, stepKey.position);
  let watchedMs = (lengthMs === undefined ? undefined : getSnapshot<number>(core.store.db, key)?.value) ?? 0;
  let lookedAt: number | undefined;
  return {
    watchedMs: () => watchedMs,
    leftMs: () => {
      const leftMs = (lengthMs ?? 0) - watchedMs;
      return leftMs > 0 ? leftMs : Number.POSITIVE_INFINITY;
    },
    looked: () => {
      const now = core.clock.monotonic();
      const gapMs = lookedAt === undefined ? 0 : now - lookedAt;
      watchedMs += gapMs > longestGapMs ? 0 : gapMs;
      lookedAt = now;
      if (lengthMs !== undefined) core.store.note((db, at) => putSnapshot(db, key, watchedMs, at));
    },
  };
}

/** A person's promote that waits for this step; the runner takes it with the step's end. */
export function promoteFor({ core, deployment, stepKey }: StepFrame): StepResult | undefined {
  const word = pendingPromote(core.store.db, deployment.id, stepKey.position);
  if (!word) return undefined;
  return {
    kind: word.kind === 'promote-full' ? 'skip-to-promote' : 'done',
    sentence: `moved on by ${shortName(word.actor)}`,
    word,
  };
}

/** A pause keeps the share that users have now: a step that would change it waits here, and the new side is watched. */
export async function heldByPause(context: StepFrame): Promise<StepResult | undefined> {
  const { core, target, deployment } = context;
  if (!readDeployment(core.store.db, deployment.id)?.pausedAt) return undefined;
  const share = shareOf(readRouting(core.store.db, target.key).intent, deployment.slot);
  const result = await keepWatch(context, {
    judged: share > 0,
    sinceMs: context.sharedSince,
    decide: ({ paused }) => (paused ? undefined : done('resumed')),
  });
  return result.kind === 'done' ? undefined : result;
}

const unjudged: Judgement = { verdict: 'Inconclusive', sentence: 'no users on the new side yet' };
const uncounted: Judgement = {
  verdict: 'Inconclusive',
  sentence: 'the load balancer does not count what a side answers',
};

async function troubleOfSide(context: StepFrame): Promise<StepResult | undefined> {
  const crash = await crashOfSide(context);
  if (crash) return crash;
  const { core, target, deployment } = context;
  const health = getSnapshot<{ state: HealthState; deploymentId: string | null }>(
    core.store.db,
    slotKey(target.key, deployment.slot),
  );
  if (health?.value.state.condition === 'unhealthy' && health.value.deploymentId === deployment.id)
    return failed(
      'side-unhealthy',
      `${deployment.version} in ${deployment.slot} is unhealthy: ${health.value.state.problem ?? 'no reason given'}`,
    );
  return undefined;
}

/** Users must not wait for the proof of a side whose process is gone. */
export async function crashOfSide(context: StepFrame): Promise<StepResult | undefined> {
  const { deployment } = context;
  const seen = await seenIn(context, deployment.slot);
  if (seen?.kind !== 'stopped') return undefined;
  // The release is not at fault when it was stopped, by hand or with the machine.
  return failed(
    seen.endedBy === undefined ? 'side-crashed' : 'side-stopped',
    `${deployment.version} in ${deployment.slot} ended${seen.lastExit ? ` (${seen.lastExit})` : ''}: ${outputOf(seen.lastLog, 3)}`,
  );
}
