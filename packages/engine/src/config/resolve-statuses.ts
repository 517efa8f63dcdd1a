// What other programs are told, as the rest of the engine knows it: defaults filled in.

import { secretOf } from './resolve-notify.ts';
import type { StatusesFile } from './schema-statuses.ts';
import type { Secret } from './settings-notify.ts';

export interface StatusesSettings {
  readonly github: GithubSettings | undefined;
  readonly cdevents: CdeventsSettings | undefined;
}

export interface GithubSettings {
  /** Without a slash at its end. */
  readonly api: string;
  readonly token: Secret;
  readonly repositories: readonly GithubRepository[];
}

export interface GithubRepository {
  readonly service: string;
  /** `owner/name`: nothing else passes the schema, so that it can stand in a path. */
  readonly repository: string;
  readonly environments: readonly GithubEnvironment[];
}

export interface GithubEnvironment {
  readonly target: string;
  readonly name: string;
  readonly production: boolean;
  readonly url: string | undefined;
}

export interface CdeventsSettings {
  readonly source: string;
  readonly sinks: readonly EventSink[];
}

export interface EventSink {
  readonly name: string;
  readonly url: string;
  /** Undefined where none is configured. */
  readonly token: Secret | undefined;
  /** `whsec_…`; undefined where none is configured. */
  readonly secret: Secret | undefined;
}

export const defaultGithubApi = 'https://api.github.com';
export const defaultEventSource = '/bluegreen';

export function resolveStatuses({ github, cdevents }: StatusesFile, folder: string): StatusesSettings {
  return {
    github: github && {
      api: (github.api ?? defaultGithubApi).replace(/\/+$/, ''),
      token: secretOf(github.token, folder),
      repositories: github.repositories.map(({ service, repository, environments = [] }) => ({
        service,
        repository,
        environments: environments.map(({ target, name, production, url }) => ({
          ...environmentOf(service, target),
          ...(name === undefined ? {} : { name }),
          ...(production === undefined ? {} : { production }),
          url,
        })),
      })),
    },
    cdevents: cdevents && {
      source: cdevents.source ?? defaultEventSource,
      sinks: cdevents.sinks.map((sink) => ({
        name: sink.name,
        url: sink.url,
        // Configured, but with a variable that this process was not given: the key is there, its value is not.
        token: 'token' in sink ? secretOf(sink.token, folder) : undefined,
        secret: 'secret' in sink ? secretOf(sink.secret, folder) : undefined,
      })),
    },
  };
}

/** What must never be written down. */
export function statusSecrets({ github, cdevents }: StatusesSettings): readonly string[] {
  const ofSinks = cdevents?.sinks.flatMap(({ token, secret }) => [token, secret]) ?? [];
  return [github?.token, ...ofSinks].flatMap((secret) => secret?.value ?? []);
}

/** What a target is called on GitHub when nobody says otherwise. */
export function environmentOf(service: string, target: string): GithubEnvironment {
  return { target, name: `${service}/${target}`, production: target === 'production', url: undefined };
}
