// What the configuration asks for and the plan leaves out, since the load balancer of the target has no capability for it.

import { type BalancerCapability, driverCannot } from '../../domain/capabilities.ts';
import type { RefusalCode } from '../../domain/refusal.ts';
import type { PlanInput } from './plan.ts';

export interface Omission {
  readonly code: RefusalCode & 'not-supported';
  readonly capability: BalancerCapability;
  /** Names the driver and the capability, and says what is left out. */
  readonly sentence: string;
}

type Asked = Pick<PlanInput, 'mode' | 'settings' | 'balancer' | 'hasActive'>;

export function omissionsOf({ mode, settings, balancer, hasActive }: Asked): readonly Omission[] {
  const { driver } = settings.balancer;
  const isForward = mode === 'deploy' || mode === 'redeploy';
  const shares = isForward && hasActive && settings.canary.length > 0;
  const lacking = (capability: Omission['capability'], consequence: string): readonly Omission[] => [
    { code: 'not-supported', capability, sentence: `${driverCannot(driver, capability)}: ${consequence}` },
  ];
  return [
    ...(shares && !balancer.weights
      ? lacking('weights', 'the plan leaves the canary out, all users move at once')
      : []),
    ...(isForward && !balancer.counts ? lacking('counts', 'the plan watches no share, and the bake only health') : []),
    ...(isForward && !balancer.preview ? lacking('preview', 'the plan leaves prove-preview out') : []),
  ];
}
