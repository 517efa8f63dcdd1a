// The smoke tests of a release again and again, on the live side and on the standby.

import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { choice, duration, whole } from '../kit/values.ts';

export const continuousSmoke = z
  .strictObject({
    interval: duration().describe('Time between two runs. Default: 30s.').optional(),
    failures: whole({ min: 1, max: 100, expected: 'a number of runs from 1 to 100' })
      .describe('Failed runs in a row after which a side counts as failing. Default: 3.')
      .optional(),
    standby: choice(['slow', 'blocked', 'off'])
      .describe(
        'What a failing standby makes of the readiness of a rollback. off: the standby is not tested. Default: slow.',
      )
      .optional(),
  })
  .describe(
    'Runs the smoke tests on the live side and on the standby for as long as they run. What a failing live side leads to is guard.smokeTests.',
  );

export interface ContinuousSmokeSettings {
  readonly intervalMs: number;
  /** Runs in a row. */
  readonly failures: number;
  readonly standby: 'slow' | 'blocked' | 'off';
}

export function resolveContinuousSmoke(
  options: z.infer<typeof continuousSmoke> | undefined,
): ContinuousSmokeSettings | undefined {
  if (options === undefined) return undefined;
  const { interval = '30s', failures = 3, standby = 'slow' } = options;
  return { intervalMs: parseDuration(interval), failures, standby };
}

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A test that may write runs again and again only where the configuration says that it may. */
export function isContinuous({
  method = 'GET',
  continuous,
}: {
  readonly method?: string | undefined;
  readonly continuous?: boolean | undefined;
}): boolean {
  return continuous ?? reading.has(method);
}
