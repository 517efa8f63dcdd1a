// The checks that a canary is going to be asked, as a plan shows them.

import { forHowLong } from '../../domain/times.ts';
import type { Target } from '../core.ts';

/** `orders: sum(bad) of sum(all); every 15 s from prometheus, takes the release back`. */
export function checkLines({ checks = [] }: Pick<Target, 'checks'>): readonly string[] {
  return checks.map(({ settings, described }) => {
    const { name, source, intervalMs, effect, dryRun, max, min } = settings;
    const limits = [
      ...(max === undefined ? [] : [`at most ${max}`]),
      ...(min === undefined ? [] : [`at least ${min}`]),
    ];
    const consequence = dryRun ? 'dry run' : effect === 'guardrail' ? 'takes the release back' : 'pauses';
    const parts = [described, ...limits, `every ${forHowLong(intervalMs)} from ${source}`, consequence];
    return `${name}: ${parts.join('; ')}`;
  });
}
