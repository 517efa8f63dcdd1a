// What the canary of a plan can find, from the traffic of the last hour, as a plan says it.

import { type PlannedWatch, smallestRise, type UsualTraffic } from '../../analysis/detectable.ts';
import { percentText } from '../../analysis/judge.ts';
import type { PlannedStep } from '../../domain/deployment.ts';
import type { SlotName } from '../../domain/target.ts';
import { forHowLong } from '../../domain/times.ts';
import type { Core, Target } from '../core.ts';

/** The load balancer counts no longer. */
const spanMs = 3_600_000;
/** Fewer requests in that time say nothing of what is usual. */
const leastRequests = 100;
const longerMs = 600_000;

/** Empty where no share is watched. */
export async function whatItFinds(
  { clock }: Pick<Core, 'clock'>,
  target: Pick<Target, 'balancer' | 'settings'>,
  planned: { readonly steps: readonly PlannedStep[]; readonly active: SlotName | undefined },
): Promise<readonly string[]> {
  const watches = planned.steps.flatMap(watchOf);
  const { counts } = target.balancer;
  if (watches.length === 0 || planned.active === undefined || !counts) return [];
  const traffic = await counts.traffic(clock.now() - spanMs).catch(() => undefined);
  const side = traffic?.[planned.active];
  if (side === undefined) return ['the load balancer’s counts could not be read'];
  if (side.requests < leastRequests)
    return [`${side.requests} requests in the last hour: too few to say what the canary can find`];
  const usual = { perSecond: side.requests / (spanMs / 1000), errorRate: side.errors / side.requests };
  return sentences(watches, usual, target.settings.judge.falseRollback);
}

/** The plan names the steps; only a watch compares. */
function watchOf(step: PlannedStep): readonly PlannedWatch[] {
  const { percent, watchMs } = step as PlannedStep & { readonly percent?: number; readonly watchMs?: number };
  return step.name === 'watch' && percent !== undefined && watchMs !== undefined ? [{ percent, ms: watchMs }] : [];
}

function sentences(watches: readonly PlannedWatch[], usual: UsualTraffic, falseRollback: number): readonly string[] {
  const [first] = watches;
  const totalMs = watches.reduce((sum, { ms }) => sum + ms, 0);
  const found = smallestRise(watches, usual, falseRollback);
  const rate = `${usual.perSecond < 10 ? usual.perSecond.toFixed(1) : Math.round(usual.perSecond)} requests/s`;
  const rise = (to: number) => `a rise of errors from ${percentText(usual.errorRate)} to ${percentText(to)}`;
  const longer =
    first && totalMs < longerMs
      ? smallestRise([{ percent: first.percent, ms: longerMs }], usual, falseRollback)
      : undefined;
  return [
    found === undefined
      ? `at ${rate}, ${forHowLong(totalMs)} are too short to find any rise of errors with 95 %`
      : `at ${rate}, the comparison finds ${rise(found)} with 95 % in ${forHowLong(totalMs)}`,
    ...(first && longer !== undefined && (found === undefined || longer < found)
      ? [`${first.percent} % watched for ${forHowLong(longerMs)} would find ${rise(longer)}`]
      : []),
  ];
}
