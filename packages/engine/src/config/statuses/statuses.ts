// What the configuration says about notifying other programs: deployments on GitHub, CDEvents, and traces.

import { z } from 'zod';
import { listOf, matching, name, yesNo } from '../kit/values.ts';
import { secretOf } from '../notify/resolve.ts';
import type { Secret } from '../notify/settings.ts';
import { resolveTraces, type TracesSettings, traces } from './traces.ts';
import { address, secret } from './values.ts';

const environment = z
  .strictObject({
    target: name().describe('Name of the target.'),
    name: matching(/^[^\p{Cc}]{1,255}$/u, 'a name of 1 to 255 characters without control characters')
      .describe('What GitHub calls it. Default: <service>/<target>.')
      .optional(),
    production: yesNo()
      .describe('Whether GitHub shows it as production. Default: true for a target with the name production.')
      .optional(),
    url: address('an address such as https://shop.example.com')
      .describe('Where users reach it, for a link. Default: none.')
      .optional(),
  })
  .describe('What GitHub shows of one target. A target that is not named here has the defaults.');

const repository = z
  .strictObject({
    service: name().describe('The service whose commits are in this repository.'),
    repository: matching(
      /^[A-Za-z0-9](?:[A-Za-z0-9_]|-(?=[A-Za-z0-9])){0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
      'owner/name, such as acme/shop',
    ).describe('Its owner and name.'),
    environments: listOf(environment, 50)
      .describe('Its targets, as GitHub shows them. Default: each with the defaults.')
      .optional(),
  })
  .describe('The only repository that is notified: what a delivery says directs no request anywhere.');

const github = z
  .strictObject({
    api: address('an address such as https://github.example.com/api/v3')
      .describe('Address of the API. Default: https://api.github.com.')
      .optional(),
    token: secret()
      .describe(
        `May write deployments in these repositories; from the environment: \${GITHUB_TOKEN}; or file:path, read for each message. A process without that variable sends nothing.`,
      )
      .optional(),
    repositories: listOf(repository, 500)
      .min(1, { error: 'a list of at least one repository' })
      .describe('Repositories that are notified, one per service.'),
  })
  .describe(
    'Deployments and their statuses on GitHub, with a link to the card where notify says the workspace. Default: none.',
  );

const sink = z
  .strictObject({
    name: name().describe('Shown in logs and history.'),
    url: address('an address such as https://events.example.com/cdevents').describe('Where each event is posted.'),
    token: secret()
      .describe(`Sent as a bearer token; from the environment: \${CDEVENTS_TOKEN}; or file:path. Default: none.`)
      .optional(),
    secret: matching(
      /^(file:[^\p{Cc}]{1,1000}|whsec_[A-Za-z0-9+/]{32,88}={0,2})$/u,
      'a secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64; or file: and the path of a file that holds it',
    )
      .describe(
        `Signs each event as Standard Webhooks has it; from the environment: \${CDEVENTS_SECRET}; or file:path. Default: not signed.`,
      )
      .optional(),
  })
  .describe('One receiver of events.');

const cdevents = z
  .strictObject({
    source: matching(/^[A-Za-z0-9:/?._~%=&-]{1,200}$/, 'a URI or path of plain characters, such as /bluegreen')
      .describe('The source of every event; together with its id it identifies an event. Default: /bluegreen.')
      .optional(),
    sinks: listOf(sink, 20).min(1, { error: 'a list of at least one receiver' }).describe('Who gets every event.'),
  })
  .describe('Events for other programs, as CDEvents over HTTP. Default: none.');

export const statuses = z
  .strictObject({ github: github.optional(), cdevents: cdevents.optional(), traces: traces.optional() })
  .describe('Programs that are notified of what became of deployments.');

export type StatusesFile = z.infer<typeof statuses>;

export interface StatusesSettings {
  readonly github: GithubSettings | undefined;
  readonly cdevents: CdeventsSettings | undefined;
  readonly traces?: TracesSettings | undefined;
}

export interface GithubSettings {
  /** Without a slash at its end. */
  readonly api: string;
  readonly token: Secret;
  readonly repositories: readonly GithubRepository[];
}

export interface GithubRepository {
  readonly service: string;
  /** `owner/name`: nothing else passes the schema, so that it can be part of a path. */
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

export function resolveStatuses({ github, cdevents, traces: given }: StatusesFile, folder: string): StatusesSettings {
  return {
    ...(given === undefined ? {} : { traces: resolveTraces(given, folder) }),
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
export function statusSecrets({ github, cdevents, traces: collector }: StatusesSettings): readonly string[] {
  const ofSinks = cdevents?.sinks.flatMap(({ token, secret }) => [token, secret]) ?? [];
  return [github?.token, collector?.token, ...ofSinks].flatMap((secret) => secret?.value ?? []);
}

/** The name of a target on GitHub when the configuration sets no other. */
export function environmentOf(service: string, target: string): GithubEnvironment {
  return { target, name: `${service}/${target}`, production: target === 'production', url: undefined };
}
