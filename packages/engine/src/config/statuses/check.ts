// Programs that are notified: services and targets exist, each once, and no secret goes over an unencrypted connection.

import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import type { ConfigFile } from '../schema.ts';

export function checkStatuses(draft: Draft<ConfigFile>): readonly Finding[] {
  const { github, cdevents, traces } = draft?.statuses ?? {};
  const at: Path = ['statuses', 'github'];
  const sinks: Path = ['statuses', 'cdevents', 'sinks'];
  return [
    ...(github && !('token' in github) ? [error([...at, 'token'], 'is missing; expected a token of GitHub')] : []),
    ...readByOthers(github?.api, [...at, 'api']),
    ...eachOnce(github?.repositories, 'service', [...at, 'repositories']),
    ...(github?.repositories ?? []).flatMap((repository, index) =>
      checkRepository(draft, repository, [...at, 'repositories', index]),
    ),
    ...eachOnce(cdevents?.sinks, 'name', sinks),
    ...(cdevents?.sinks ?? []).flatMap((sink, index) =>
      sink && 'token' in sink ? readByOthers(sink.url, [...sinks, index, 'url']) : [],
    ),
    ...(traces && 'token' in traces ? readByOthers(traces.url, ['statuses', 'traces', 'url']) : []),
  ];
}

type Repository = NonNullable<NonNullable<NonNullable<Draft<ConfigFile>>['statuses']>['github']>['repositories'];

function checkRepository(
  draft: Draft<ConfigFile>,
  repository: NonNullable<Repository>[number],
  path: Path,
): readonly Finding[] {
  const services = draft?.services;
  if (!services || repository?.service === undefined) return [];
  if (!Object.hasOwn(services, repository.service))
    return [error([...path, 'service'], `there is no service ${repository.service} in this file`)];
  const targets = services[repository.service]?.targets;
  return [
    ...eachOnce(repository.environments, 'target', [...path, 'environments']),
    ...(repository.environments ?? []).flatMap((environment, index) =>
      environment?.target === undefined || !targets || Object.hasOwn(targets, environment.target)
        ? []
        : [
            error(
              [...path, 'environments', index, 'target'],
              `${repository.service} has no target ${environment.target}`,
            ),
          ],
    ),
  ];
}

function eachOnce<Key extends string>(
  list: readonly ({ readonly [K in Key]?: string | undefined } | undefined)[] | undefined,
  key: Key,
  path: Path,
): readonly Finding[] {
  const values = (list ?? []).map((item) => item?.[key]);
  return values.flatMap((value, index) =>
    value !== undefined && values.indexOf(value) < index
      ? [error([...path, index, key], `${value} is in this list already`)]
      : [],
  );
}

/** Connections within this machine cannot be intercepted. */
function readByOthers(url: string | undefined, path: Path): readonly Finding[] {
  if (url === undefined || !url.startsWith('http:')) return [];
  return /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:/]|$)/.test(url)
    ? []
    : [error(path, 'would carry the token in clear; expected https://')];
}
