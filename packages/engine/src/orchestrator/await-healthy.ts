// A side that was started must answer well several times in a row before anything else is done with it.

import type { SlotName, SlotObservation } from '../environment/environment.ts';
import { type HealthReport, probeHealth } from '../environment/health.ts';
import { pause } from '../lib/clock.ts';
import { type Core, healthOf, placeOf, slotUrl, type Target } from './core.ts';

const maxPollMs = 1_000;

export type Waited =
  | {
      readonly kind: 'healthy';
      readonly seen: SlotObservation;
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
export async function awaitHealthy({ core, target, slot, version, signal }: Wait): Promise<Waited> {
  const health = healthOf(target, slot);
  const until = core.clock.monotonic() + health.startupMs;
  let inARow = 0;
  let problem = 'it never answered';
  while (core.clock.monotonic() < until && !signal.aborted) {
    const seen = await target.environment.inspect(placeOf(target, slot));
    if (seen.kind === 'stopped') return { kind: 'ended', seen };
    const expected = { slot, version };
    const report = await probeHealth({ url: slotUrl(target, slot), expected, settings: health, signal });
    const unfit = report.healthy ? (health.acceptDegraded ? undefined : degradation(report)) : report.problem;
    const fits = report.healthy && unfit === undefined;
    inARow = fits ? inARow + 1 : 0;
    if (!fits) problem = unfit ?? 'no reason given';
    if (inARow >= health.successes) return { kind: 'healthy', seen, inARow, proof: report.proof };
    await pause(core.clock, Math.min(health.intervalMs, maxPollMs), signal);
  }
  return { kind: 'never', problem, limitMs: health.startupMs };
}

/**
 * Why a side that runs is not fit for users now; undefined when it is. One bad answer proves nothing: it is asked as often as
 * the health rule allows failures, in quick succession.
 */
export async function problemOfSide({ core, target, slot, version, signal }: Wait): Promise<string | undefined> {
  const health = healthOf(target, slot);
  for (let tries = 1; ; tries += 1) {
    const seen = await target.environment.inspect(placeOf(target, slot));
    if (seen.kind === 'stopped') return 'its process has ended';
    const expected = { slot, version };
    const report = await probeHealth({ url: slotUrl(target, slot), expected, settings: health, signal });
    if (report.healthy) return undefined;
    if (tries >= health.failures) return report.problem ?? 'no reason given';
    await pause(core.clock, Math.min(health.intervalMs, maxPollMs), signal);
  }
}

const degradation = ({ degraded }: HealthReport): string | undefined =>
  degraded === undefined ? undefined : `it is degraded (${degraded}), and health.acceptDegraded is not set`;

/** The end of what a service wrote, for a sentence. */
export const outputOf = (lines: readonly string[], most: number): string =>
  lines.length === 0 ? 'it wrote nothing' : lines.slice(-most).join(' / ');
