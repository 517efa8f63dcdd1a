// What the engine does automatically when the live side becomes ill and no deployment is running.

import { z } from 'zod';
import { choice, duration, whole } from '../kit/values.ts';

export const guard = z
  .strictObject({
    unresponsive: choice(['rollback', 'restart', 'page', 'off'])
      .describe(
        'The live side has ended or does not answer. rollback: users move to the warm, healthy standby; without one it is restarted. Default: rollback.',
      )
      .optional(),
    unhealthy: choice(['rollback', 'restart', 'page', 'off'])
      .describe(
        'The live side answers that it is not healthy. Without a healthy standby nothing changes, and a person is paged. Default: rollback.',
      )
      .optional(),
    crashLoop: choice(['rollback', 'page', 'off'])
      .describe('The live side has ended `crashes` times `within`. Default: rollback.')
      .optional(),
    smokeTests: choice(['rollback', 'restart', 'page', 'off'])
      .describe(
        'The live side fails its continuous smoke tests. rollback: users move to the standby where it passes its own; without such a standby a person is paged. Default: page.',
      )
      .optional(),
    judge: choice(['rollback', 'page', 'off'])
      .describe(
        'While the standby is warm, users get more errors from the live side than judge.maxErrorRate, by the counts of the load balancer. rollback: users move to the standby where it is healthy; without such a standby a person is paged. Default: page.',
      )
      .optional(),
    crashes: whole({ min: 2, max: 20, expected: 'a number of crashes from 2 to 20' })
      .describe('Crashes `within` that are a crash loop. Default: 3.')
      .optional(),
    atMost: whole({ min: 1, max: 20, expected: 'a number of acts from 1 to 20' })
      .describe('Acts `within`; after them only people act. Default: 2.')
      .optional(),
    within: duration().describe('The time that crashes and acts are counted in. Default: 1h.').optional(),
  })
  .describe('What happens when the live side falls ill and no deployment is at work.');

/** Of a target: what is done about a side that ends or is ill. */
export interface IllnessSettings {
  readonly crash: { readonly firstRestartMs: number; readonly maxRestartMs: number };
  readonly guard: GuardSettings;
}

export type GuardAction = 'rollback' | 'restart' | 'page' | 'off';

/** What is done when the live side is ill and no deployment is running. */
export interface GuardSettings {
  readonly unresponsive: GuardAction;
  readonly unhealthy: GuardAction;
  readonly crashLoop: Exclude<GuardAction, 'restart'>;
  /** Undefined: a person is paged. */
  readonly smokeTests?: GuardAction | undefined;
  /** Undefined: a person is paged. */
  readonly judge?: Exclude<GuardAction, 'restart'> | undefined;
  /** In `withinMs`, from which on it is a crash loop. */
  readonly crashes: number;
  /** Acts in `withinMs`. */
  readonly atMost: number;
  readonly withinMs: number;
}
