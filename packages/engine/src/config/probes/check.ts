// Continuous smoke tests whose parts fit together.

import { error, type Finding, warning } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import { isContinuous } from './continuous-smoke.ts';

export function checkContinuousSmoke({ options, saidAt, isSaid }: TargetDraft): readonly Finding[] {
  const { continuousSmoke: asked, guard, smokeTests = [] } = options;
  if (asked === undefined)
    return isSaid('guard', 'smokeTests')
      ? [warning(saidAt('guard', 'smokeTests'), 'is not looked at, since continuousSmoke is not set')]
      : [];
  const isBlind = guard?.smokeTests === 'rollback' && asked.standby === 'off';
  const hasTests = smokeTests.some((test) => test !== undefined && isContinuous(test));
  return [
    ...(isBlind
      ? [
          error(
            saidAt('guard', 'smokeTests'),
            'rollback needs a standby that passes the tests, and continuousSmoke.standby is off',
          ),
        ]
      : []),
    ...(hasTests
      ? []
      : [
          warning(
            saidAt('continuousSmoke'),
            'no smoke test here may be run continuously: those that are not GET, HEAD or OPTIONS need continuous: true',
          ),
        ]),
  ];
}
