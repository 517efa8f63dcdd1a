// Pure: the steps of a canary that a person gives for one deployment, `5:1m,20:5m`, within the limits of the target. What the target
// asks people for is asked for all the same.

import type { CanaryStep, TargetSettings } from '../../config/settings.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { parseDuration, positiveDurationPattern } from '../../lib/units.ts';

const mostSteps = 20;

export function readCanary(
  text: string,
  settings: Pick<TargetSettings, 'canary' | 'canaryLimits'>,
): Result<readonly CanaryStep[]> {
  const parts = text.split(',').map((part) => part.trim());
  const steps = parts.map(readStep);
  const wrong = steps.indexOf(undefined);
  if (wrong !== -1 || parts.length > mostSteps)
    return refuse(
      'canary-refused',
      `"${(parts[wrong] ?? text).slice(0, 40)}" is no step of a canary`,
      `Steps are written 5:1m,20:5m: a share in percent from 1 to 99, and how long it is watched; at most ${mostSteps}.`,
    );
  const given = steps.filter((step) => step !== undefined);
  return refusalOf(given, settings) ?? ok(withApprovals(given, settings.canary));
}

function readStep(part: string): CanaryStep | undefined {
  const [, percent = '', watch = ''] = /^(\d{1,2}):(\w+)$/.exec(part) ?? [];
  if (Number(percent) < 1 || !positiveDurationPattern.test(watch)) return undefined;
  return { percent: Number(percent), watchMs: parseDuration(watch), approval: false };
}

type Limits = NonNullable<TargetSettings['canaryLimits']>;

/** Where none are configured, nothing goes faster or in larger steps than the target's own canary. */
export function limitsOf({ canary, canaryLimits }: Pick<TargetSettings, 'canary' | 'canaryLimits'>): Limits {
  if (canaryLimits) return canaryLimits;
  const watches = canary.flatMap(({ watchMs }) => watchMs ?? []);
  const largest = canary.map(({ percent }, index) => percent - (canary[index - 1]?.percent ?? 0));
  return { largestStep: Math.max(1, ...largest), leastWatchMs: Math.min(...watches, 86_400_000) };
}

function refusalOf(
  steps: readonly CanaryStep[],
  settings: Pick<TargetSettings, 'canary' | 'canaryLimits'>,
): ReturnType<typeof refuse> | undefined {
  const { largestStep, leastWatchMs } = limitsOf(settings);
  for (const [index, { percent, watchMs = 0 }] of steps.entries()) {
    const before = steps[index - 1]?.percent ?? 0;
    if (percent <= before)
      return refuse('canary-refused', `${percent} % is not more than the ${before} % before it`, 'Steps rise.');
    if (percent - before > largestStep)
      return refuse(
        'canary-refused',
        `from ${before} % to ${percent} % are more users than one step may move: at most ${largestStep} %`,
        'Put a step between them.',
      );
    if (watchMs < leastWatchMs)
      return refuse(
        'canary-refused',
        `${percent} % is watched for ${watchMs / 1_000} s: at least ${leastWatchMs / 1_000} s here`,
        'Give it more time.',
      );
  }
  return undefined;
}

/** As many approvals as the target asks for, each after the first step that has at least its share, else after the last. */
function withApprovals(given: readonly CanaryStep[], own: TargetSettings['canary']): readonly CanaryStep[] {
  const asked = own.filter(({ approval }) => approval).map(({ percent }) => percent);
  const after = asked.map((share) => {
    const found = given.findIndex(({ percent }) => percent >= share);
    return found === -1 ? given.length - 1 : found;
  });
  return given.map((step, index) => ({ ...step, approval: after.includes(index) }));
}
