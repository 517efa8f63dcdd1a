// Callers are unique, targets exist, and no rule fits every alert that there is.

import { parseDuration } from '../../lib/units.ts';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import { unknownKey } from '../reading/known-keys.ts';
import type { ConfigFile } from '../schema.ts';
import { labelPattern, type MonitoringFile, maxLock, monitoringVariable } from './monitoring.ts';

type Caller = NonNullable<Draft<MonitoringFile[number]>>;
type Rule = NonNullable<NonNullable<Caller['rules']>[number]>;

export function checkMonitoring(draft: Draft<ConfigFile>): readonly Finding[] {
  const callers = draft?.monitoring ?? [];
  return callers.flatMap((caller, index) => {
    if (!caller) return [];
    const path: Path = ['monitoring', index];
    const variable = caller.name === undefined ? undefined : monitoringVariable(caller.name);
    const earlier = callers.findIndex((each) => each?.name !== undefined && monitoringVariable(each.name) === variable);
    return [
      ...(variable !== undefined && earlier < index
        ? [error([...path, 'name'], `monitoring[${earlier}] has the same name already`)]
        : []),
      ...(caller.rules ?? []).flatMap((rule, at) =>
        rule ? checkRule(draft, caller, rule, [...path, 'rules', at]) : [],
      ),
    ];
  });
}

function checkRule(draft: Draft<ConfigFile>, caller: Caller, rule: Rule, path: Path): readonly Finding[] {
  return [
    ...checkPlace(draft, rule, path),
    ...checkLabels(caller, rule, path),
    ...keysOf(rule, ['afterPromotion'], 'rollback', path),
    ...keysOf(rule, ['for'], 'lock', path),
    ...(rule.act === 'rollback' && rule.lift === true
      ? [error([...path, 'lift'], 'belongs to pause and lock: a rollback is not taken back')]
      : []),
    ...(rule.for !== undefined && parseDuration(rule.for) > parseDuration(maxLock)
      ? [error([...path, 'for'], `expected a duration of at most ${maxLock}, found ${rule.for}`)]
      : []),
  ];
}

function checkPlace(draft: Draft<ConfigFile>, { service, target }: Rule, path: Path): readonly Finding[] {
  const services = draft?.services;
  if (service === undefined || !services) return [];
  if (!Object.hasOwn(services, service))
    return [error([...path, 'service'], unknownKey(service, Object.keys(services)))];
  const targets = Object.keys(services[service]?.targets ?? {});
  return target === undefined || targets.length === 0 || targets.includes(target)
    ? []
    : [error([...path, 'target'], unknownKey(target, targets))];
}

/** A script says itself what it asks for; of the others every alert would fit. */
function checkLabels({ sender }: Caller, { labels }: Rule, path: Path): readonly Finding[] {
  const names = Object.keys(labels ?? {});
  if (names.length === 0)
    return sender === undefined || sender === 'script'
      ? []
      : [error(path, `labels is missing: expected at least one, since every alert of ${sender} would fit`)];
  return names
    .filter((label) => !labelPattern.test(label))
    .map((label) => ({
      ...error([...path, 'labels', label], 'expected a label of 1 to 100 characters without blanks'),
      atKey: true,
    }));
}

function keysOf(rule: Rule, keys: readonly (keyof Rule)[], act: Rule['act'], path: Path): readonly Finding[] {
  return keys.flatMap((key) =>
    rule[key] === undefined || rule.act === undefined || rule.act === act
      ? []
      : [error([...path, key], `belongs to the act ${act}, not to ${rule.act}`)],
  );
}
