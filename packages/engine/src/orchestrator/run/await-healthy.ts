// A side that was started must answer well several times in a row before anything else is done with it.

import type { SlotName } from '../../domain/target.ts';
import type { SlotObservation } from '../../environment/environment.ts';
import type { HealthReport } from '../../environment/health-report.ts';
import { pause } from '../../lib/clock.ts';
import { type Core, healthOf, type Target } from '../core.ts';
import { seenIn } from '../seen-side.ts';
import { type Needed, probeSide } from '../side-checks.ts';

const maxPollMs = 1_000;
/** A side that is coming up is asked so often at first: users of the deployment wait for its first good answer. */
const startPollMs = 50;
const startPollingMs = 5_000;

export type Waited =
  | {
      readonly kind: 'healthy';
      /** Undefined: the environment does not answer, the side itself does. */
      readonly seen: SlotObservation | undefined;
      readonly inARow: number;
      readonly proof: HealthReport['proof'];
    }
  | { readonly kind: 'ended'; readonly seen: Extract<SlotObservation, { kind: 'stopped' }> }
  | { readonly kind: 'never'; readonly problem: string; readonly limitMs: number };

interface Wait {
  readonly core: Core;
  readonly target: Target;
  readonly slot: SlotName;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** For as long as the health rule allows a start to take. */
export async function awaitHealthy(wait: Wait): Promise<Waited> {
  const { core, target, slot, signal } = wait;
  const health = healthOf(target, slot);
  const began = core.clock.monotonic();
  const until = began + health.startupMs;
  let inARow = 0;
  let problem = 'it never answered';
  while (core.clock.monotonic() < until && !signal.aborted) {
    const { seen, report } = await look(wait, 'all');
    if (report === undefined) return { kind: 'ended', seen };
    const unfit = report.healthy ? (health.acceptDegraded ? undefined : degradation(report)) : report.problem;
    const fits = report.healthy && unfit === undefined;
    inARow = fits ? inARow + 1 : 0;
    if (!fits) problem = unfit ?? 'no reason given';
    if (inARow >= health.successes) return { kind: 'healthy', seen, inARow, proof: report.proof };
    const isComingUp = inARow === 0 && core.clock.monotonic() - began < startPollingMs;
    await pause(core.clock, Math.min(health.intervalMs, isComingUp ? startPollMs : maxPollMs), signal);
  }
  return { kind: 'never', problem, limitMs: health.startupMs };
}

/**
 * Why a running side is not fit for users now; undefined when it is. One bad answer proves nothing: the side is asked
 * as often as the health rule allows failures, in quick succession. A degraded side is fit: it served users before.
 */
export async function problemOfSide(wait: Wait): Promise<string | undefined> {
  const { core, target, slot, signal } = wait;
  const health = healthOf(target, slot);
  for (let tries = 1; ; tries += 1) {
    const { report } = await look(wait, 'enough');
    if (report === undefined) return 'its process has ended';
    if (report.healthy) return undefined;
    if (tries >= health.failures) return report.problem ?? 'no reason given';
    await pause(core.clock, Math.min(health.intervalMs, maxPollMs), signal);
  }
}

type Look =
  | { readonly seen: Extract<SlotObservation, { kind: 'stopped' }>; readonly report: undefined }
  | { readonly seen: Extract<SlotObservation, { kind: 'running' }> | undefined; readonly report: HealthReport };

async function look({ core, target, slot, version, signal }: Wait, needed: Needed): Promise<Look> {
  const seen = await seenIn({ core, target }, slot);
  if (seen?.kind === 'stopped') return { seen, report: undefined };
  return { seen, report: await probeSide(target, { slot, version, needed, signal }) };
}

const degradation = ({ degraded }: HealthReport): string | undefined =>
  degraded === undefined ? undefined : `it is degraded (${degraded}), and health.acceptDegraded is not set`;

/** The end of what a service wrote, for a sentence. */
export const outputOf = (lines: readonly string[], most: number): string =>
  lines.length === 0 ? 'it wrote nothing' : lines.slice(-most).join(' / ');
