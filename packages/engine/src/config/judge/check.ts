// What a check cannot be asked, or compares with nothing.

import { type Drivers, driverNamed, ownOf } from '../drivers.ts';
import { type Draft, isMapping } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import type { CheckFile } from './checks.ts';

export function checkChecks(target: TargetDraft, drivers: Drivers['evidence']): readonly Finding[] {
  const { options, saidAt } = target;
  const checks = options.judge?.checks ?? [];
  const at = saidAt('judge', 'checks');
  return checks.flatMap((check, index) => {
    if (check === undefined) return [];
    const place = [...at, index];
    return [...sameName(checks, index, place), ...checkOne(check, place, drivers)];
  });
}

function sameName(checks: readonly Draft<CheckFile>[], index: number, at: Path): readonly Finding[] {
  const earlier = checks.findIndex((each) => each?.name === checks[index]?.name);
  return earlier === index || checks[index]?.name === undefined
    ? []
    : [error([...at, 'name'], `checks[${earlier}] has the same name already`)];
}

const longestTimeout = /^(\d{1,5}ms|[1-9]s|[1-5]\ds|60s|1m)$/;

function checkOne(check: NonNullable<Draft<CheckFile>>, at: Path, drivers: Drivers['evidence']): readonly Finding[] {
  const driver = driverNamed(drivers, check.source);
  if (!driver) return [];
  const others = drivers.filter(({ name }) => name !== driver.name && ownOf(check, name) !== undefined);
  const own = ownOf(check, driver.name);
  const isPair = driver.isPair?.(own as never) ?? false;
  return [
    ...others.map(({ name }) => error([...at, name], `is of another source; this check asks ${driver.name}`)),
    ...(isMapping(check) && driver.name in check
      ? (driver.check?.(own as never, [...at, driver.name]) ?? [])
      : [error([...at, driver.name], 'is missing')]),
    ...(check.authorization !== undefined && !driver.takesAuthorization
      ? [error([...at, 'authorization'], `${driver.name} sends none`)]
      : []),
    ...(check.timeout !== undefined && !longestTimeout.test(check.timeout)
      ? [error([...at, 'timeout'], `expected at most 60s, found ${check.timeout}`)]
      : []),
    ...checkLimits(check, at, { isPair, isNumber: driver.isNumber?.(own as never) }),
  ];
}

interface Answers {
  readonly isPair: boolean;
  /** Undefined: the driver never answers with a number. */
  readonly isNumber: boolean | undefined;
}

function checkLimits(
  check: NonNullable<Draft<CheckFile>>,
  at: Path,
  { isPair, isNumber }: Answers,
): readonly Finding[] {
  const { max, min, effect, dryRun } = check;
  const compares = isNumber === false && !isPair;
  return [
    ...(compares && (max !== undefined || min !== undefined)
      ? [error(at, 'compares both sides, and max and min are limits of the new side; expected one or the other')]
      : []),
    ...(isNumber && max === undefined && min === undefined
      ? [error(at, 'compares a number with nothing; expected max, min or both')]
      : []),
    ...(isPair && max !== undefined && (max <= 0 || max >= 1)
      ? [error([...at, 'max'], `expected a share between 0 and 1 such as 0.05, found ${max}`)]
      : []),
    ...(isPair && min !== undefined ? [error([...at, 'min'], 'says nothing of a pair of counters; expected max')] : []),
    ...(max !== undefined && min !== undefined && min > max
      ? [error([...at, 'min'], `is more than max (${max})`)]
      : []),
    ...(effect === undefined && dryRun !== true
      ? [warning(at, 'has no effect set, so it only pauses (signal); guardrail takes the release back')]
      : []),
  ];
}
