// Names that users choose, the one default target, and what every target must have.

import type { Drivers } from './drivers.ts';
import type { Draft } from './kit/draft.ts';
import type { Path } from './kit/path.ts';
import { shortText } from './kit/path.ts';
import { error, type Finding } from './kit/problems.ts';
import { nameExpected, namePattern } from './kit/values.ts';
import { driverOf } from './process/environment.ts';
import { variablePattern } from './process/required-env.ts';
import type { ConfigFile } from './schema.ts';
import type { TargetDraft } from './target-draft.ts';

export function checkNames(draft: Draft<ConfigFile>): readonly Finding[] {
  const services = draft?.services;
  if (!services) return [];
  return [
    ...atLeastOne(services, ['services'], 'service'),
    ...Object.entries(services).flatMap(([name, service]) => {
      const path = ['services', name];
      return [
        ...badName(name, path),
        ...badVariables(service?.env, [...path, 'env']),
        ...(service?.targets ? atLeastOne(service.targets, [...path, 'targets'], 'target') : []),
        ...Object.entries(service?.targets ?? {}).flatMap(([target, own]) => [
          ...badName(target, [...path, 'targets', target]),
          ...badVariables(own?.env, [...path, 'targets', target, 'env']),
        ]),
        ...checkDefault(service?.targets ?? {}, [...path, 'targets']),
      ];
    }),
  ];
}

const requiredOptions = {
  command: 'the program and its arguments',
  releases: 'the folder with one folder per version',
  channel: 'the Slack channel where deployments are shown',
} as const;

/** Options that may be set at the service or at the target, but must be set at one of them. */
export function checkRequired(
  { service, path, isSaid, own }: TargetDraft,
  drivers: Drivers['environments'],
): readonly Finding[] {
  const mayLack = driverOf(own, drivers)?.ownCommand === true ? ['command'] : [];
  return Object.entries(requiredOptions)
    .filter(([key]) => !isSaid(key) && !mayLack.includes(key))
    .map(([key, what]) => error(path, `${key} is missing; expected ${what}, here or at services.${service}.${key}`));
}

type Targets = Readonly<Record<string, { readonly default?: boolean | undefined } | undefined>>;

function checkDefault(targets: Targets, path: Path): readonly Finding[] {
  const names = Object.keys(targets);
  const chosen = names.filter((name) => targets[name]?.default === true);
  if (chosen.length > 1)
    return chosen
      .slice(1)
      .map((name) => error([...path, name, 'default'], `only one target can be the default; ${chosen[0]} is already`));
  if (names.length < 2 || chosen.length === 1) return [];
  const unreadable = names.some(
    (name) => targets[name] === undefined || ('default' in targets[name] && targets[name].default === undefined),
  );
  return unreadable
    ? []
    : [
        error(
          path,
          `there are ${names.length} targets: write default: true at the one that the name of the service alone means`,
        ),
      ];
}

function atLeastOne(mapping: object, path: Path, what: string): readonly Finding[] {
  return Object.keys(mapping).length > 0 ? [] : [error(path, `expected at least one ${what}, found none`)];
}

function badName(name: string, path: Path): readonly Finding[] {
  return namePattern.test(name) ? [] : [atKey(path, `expected ${nameExpected}, found ${shortText(name)}`)];
}

function badVariables(env: object | undefined, path: Path): readonly Finding[] {
  return Object.keys(env ?? {})
    .filter((name) => !variablePattern.test(name))
    .map((name) =>
      atKey([...path, name], `expected the name of a variable (letters, digits and _), found ${shortText(name)}`),
    );
}

const atKey = (path: Path, message: string): Finding => ({ ...error(path, message), atKey: true });
