// What a service does to a new side: smoke tests, canary steps, health, restarts.

import { parseDuration } from '../../lib/units.ts';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { ConfigFile } from '../schema.ts';
import type { ServiceOptions } from '../service-options.ts';
import type { TargetDraft } from '../target-draft.ts';

/** Lists replace one another, so each is checked where it is written, once. */
export function checkLists(draft: Draft<ConfigFile>): readonly Finding[] {
  return Object.entries(draft?.services ?? {}).flatMap(([name, service]) => {
    const path = ['services', name];
    const targets = Object.entries(service?.targets ?? {});
    return [
      ...listsOf(service, path),
      ...targets.flatMap(([target, own]) => listsOf(own, [...path, 'targets', target])),
    ];
  });
}

export function checkBehaviour({ options, saidAt, isSaid }: TargetDraft): readonly Finding[] {
  const { health, crash, smokeTests } = options;
  const tests = smokeTests?.length ?? 3;
  const longer =
    crash?.firstRestart !== undefined &&
    crash.maxRestart !== undefined &&
    parseDuration(crash.firstRestart) > parseDuration(crash.maxRestart);
  return [
    ...(tests < 3
      ? [
          warning(
            saidAt('smokeTests'),
            `${tests === 0 ? 'no smoke test' : `only ${tests} smoke test${tests === 1 ? '' : 's'}`}; three or more find what a health check cannot`,
          ),
        ]
      : []),
    ...(longer
      ? [error(saidAt('crash'), `firstRestart (${crash.firstRestart}) is longer than maxRestart (${crash.maxRestart})`)]
      : []),
    ...(health?.check === 'status-code' && isSaid('health', 'fields')
      ? [warning(saidAt('health', 'fields'), 'is not looked at, since health.check is status-code')]
      : []),
  ];
}

function listsOf(options: Draft<ServiceOptions>, path: Path): readonly Finding[] {
  return [
    ...uniqueNames(options?.smokeTests, [...path, 'smokeTests']),
    ...rising(options?.canary, [...path, 'canary']),
  ];
}

function uniqueNames(tests: NonNullable<Draft<ServiceOptions>>['smokeTests'], path: Path): readonly Finding[] {
  const first = new Map<string, number>();
  return (tests ?? []).flatMap((test, index) => {
    if (test?.name === undefined) return [];
    const earlier = first.get(test.name);
    if (earlier === undefined) first.set(test.name, index);
    return earlier === undefined
      ? []
      : [error([...path, index, 'name'], `smokeTests[${earlier}] has the same name already`)];
  });
}

function rising(steps: NonNullable<Draft<ServiceOptions>>['canary'], path: Path): readonly Finding[] {
  return (steps ?? []).flatMap((step, index) => {
    if (!step) return [];
    const at = [...path, index];
    const idle = !('watch' in step) && !('approval' in step && step.approval !== false);
    const before = steps?.[index - 1];
    return [
      ...(idle
        ? [error(at, 'does nothing at its percentage; expected watch: <duration>, approval: true, or both')]
        : []),
      ...(before ? notRising(before, step, [...at, 'percent']) : []),
    ];
  });
}

type Step = NonNullable<NonNullable<NonNullable<Draft<ServiceOptions>>['canary']>[number]>;

/** The same share twice is fine when one of the two steps watches and the other asks. */
function notRising(before: Step, step: Step, path: Path): readonly Finding[] {
  if (before.percent === undefined || step.percent === undefined || step.percent > before.percent) return [];
  if (step.percent < before.percent)
    return [error(path, `expected more than the ${before.percent} % before it, found ${step.percent}`)];
  const kinds = [before, step]
    .map(({ watch, approval }) => `${watch === undefined ? '' : 'watch'}${approval ? 'ask' : ''}`)
    .sort();
  return kinds.join(' ') === 'ask watch'
    ? []
    : [error(path, `${step.percent} % twice is only of use when one step watches and the other asks`)];
}
