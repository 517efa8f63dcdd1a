// Each of several instances of a side, asked for by its number through a node of the balancer: users may get any of them.

import { type Expected, probeHealth } from '../../../environment/health.ts';
import type { InstanceHealth } from '../../../environment/instance-checks.ts';
import { inParallel } from '../../../lib/tasks.ts';
import { endpointsOf, healthOf, type Target } from '../../core.ts';

/** As the balancer names the one that answered a probe: see `instanceHeader`. */
const servedHeader = 'x-served-instance';
const atOnce = 5;

interface Through {
  readonly target: Target;
  readonly expected: Expected;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

/** Undefined: the side has one, or the balancer cannot be asked for one of several. */
export async function probeInstancesThrough(
  node: string,
  { target, expected, headers, signal }: Through,
): Promise<readonly InstanceHealth[] | undefined> {
  const { instanceHeader, probeHeaders } = target.balancer;
  const numbers = endpointsOf(target, expected.slot).map((_, index) => index + 1);
  if (instanceHeader === undefined || numbers.length === 1) return undefined;
  return inParallel(numbers, atOnce, async (instance): Promise<InstanceHealth> => {
    const { healthy, problem } = await probeHealth({
      url: node,
      expected,
      settings: healthOf(target, expected.slot),
      through: {
        headers: { ...probeHeaders, ...headers, [instanceHeader]: String(instance) },
        // One that accepts no connection may be replaced by another.
        proof: { header: servedHeader, value: String(instance) },
      },
      signal,
    });
    return { instance, healthy, ...(problem === undefined ? {} : { problem }) };
  });
}
