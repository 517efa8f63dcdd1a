// How the health of a side is checked.

import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { choice, duration, listOf, matching, name, named, path, text, urlPath, whole, yesNo } from '../kit/values.ts';
import type { HealthSettings } from './settings.ts';

const dottedPath = () =>
  matching(/^[^.\s]+( +[^.\s]+)*(\.[^.\s]+( +[^.\s]+)*)*$/, 'a dotted path into the JSON answer, such as info.version');
const headerExpected = 'a text of at most 4000 characters that a header may hold, a number, true or false';
const count = (expected: string) => whole({ min: 1, max: 1000, expected });
export const headerPattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

const headerValue = z.union([matching(/^[\t\x20-\x7e\x80-\xff]{0,4000}$/, headerExpected), z.number(), z.boolean()], {
  error: headerExpected,
});

const statusExpected = 'a status from 100 to 599 such as 200, or a range such as 200-299';
const status = z.union(
  [
    whole({ min: 100, max: 599, expected: statusExpected }),
    matching(/^[1-5]\d\d-[1-5]\d\d$/, statusExpected).refine((range) => range.slice(0, 3) <= range.slice(4), {
      error: statusExpected,
    }),
  ],
  { error: statusExpected },
);

const answered = z.union([text(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });

const dependency = z
  .strictObject({
    name: name().describe('For people: cache, queue.'),
    path: dottedPath().describe('Where it is: true, or one of okValues, means that it is there.'),
    required: yesNo()
      .describe('Whether a side is unhealthy without it; otherwise it is degraded. Default: true.')
      .optional(),
  })
  .describe('Something that the service needs.');

export const health = z
  .strictObject({
    path: urlPath().describe('Asked on each slot. Default: /health.').optional(),
    interval: duration().describe('Time between two checks. Default: 5s.').optional(),
    timeout: duration().describe('A check without an answer for this long has failed. Default: 2s.').optional(),
    failures: count('a number of failures from 1 to 1000')
      .describe('Failures in a row that make a side unhealthy. Default: 3.')
      .optional(),
    successes: count('a number of successes from 1 to 1000')
      .describe('Successes in a row that a new side must show. Default: 2.')
      .optional(),
    startup: duration().describe('Limit for a new side to become healthy. Default: 60s.').optional(),
    check: choice(['fields', 'status-code'])
      .describe(
        'fields: the JSON answer is checked, so that the right version in the right slot is proved. status-code: 2xx is enough, a weaker proof. Default: fields.',
      )
      .optional(),
    type: choice(['http', 'grpc', 'tcp', 'command'])
      .describe(
        'http: as below. grpc: grpc.health.v1. tcp: a connection is enough. command: a program that ends with 0. Default: http.',
      )
      .optional(),
    grpcService: matching(/^[\w./-]{1,120}$/, 'the name of a gRPC service such as shop.v1.Shop')
      .describe('Service that a check of gRPC asks for. Default: the server as a whole.')
      .optional(),
    command: listOf(text(), 200)
      .min(1, { error: 'a list of a program and its arguments' })
      .describe(
        'Program and arguments of a check by command, run in the folder of this file by the account of the slot, or else of the bot; never through a shell.',
      )
      .optional(),
    acceptDegraded: yesNo()
      .describe('Whether a new side may be given users while it is degraded. Default: false.')
      .optional(),
    scheme: choice(['http', 'https'])
      .describe("How the slot's own port is asked. Load balancers reach services over http. Default: http.")
      .optional(),
    ca: path().describe('Certificates (PEM) that are believed over https. Default: those that Node knows.').optional(),
    insecure: yesNo().describe('Believe any certificate over https. Default: false.').optional(),
    headers: named(headerValue, headerPattern, 'a mapping of header names to values')
      .describe('Sent with every check, also through the load balancer; Host too. Default: none.')
      .optional(),
    statuses: listOf(status, 20)
      .min(1, { error: 'a list of at least one status or range' })
      .describe('Statuses, or ranges of them, that mean healthy; redirects are never followed. Default: [200-299].')
      .optional(),
    fields: z
      .strictObject({
        status: dottedPath()
          .describe('Where the status is; $ is the answer as a whole, be it JSON or a bare word.')
          .optional(),
        okValues: listOf(answered, 20)
          .min(1, { error: 'a list of at least one value' })
          .describe('Values of the status that mean healthy. Default: [healthy, ok].')
          .optional(),
        degradedValues: listOf(answered, 20)
          .describe('Values of the status that mean degraded: users stay, people are notified. Default: [degraded].')
          .optional(),
        environment: dottedPath().describe('Where the colour of the slot is.').optional(),
        version: dottedPath().describe('Where the version is.').optional(),
        databaseConnected: dottedPath().describe('Where the answer says whether the database is connected.').optional(),
        dependencies: listOf(dependency, 50)
          .describe('What else the service needs and reports: a cache, a queue. Default: none.')
          .optional(),
      })
      .describe(
        'Dotted paths into the answer of the service. Once this is given, a field that is left out is not checked.',
      )
      .optional(),
  })
  .describe('How a side is asked whether it works.');

type HealthFile = z.infer<typeof health>;

/** What holds where nothing is said, in the words of the file. */
export const defaultHealth = {
  path: '/health',
  interval: '5s',
  timeout: '2s',
  failures: 3,
  successes: 2,
  startup: '60s',
  check: 'fields',
  type: 'http',
  scheme: 'http',
  acceptDegraded: false,
  insecure: false,
  statuses: ['200-299'],
} satisfies HealthFile;

/** Not merged: a file that names fields names all that are to be checked. */
export const defaultFields = {
  status: 'status',
  okValues: ['healthy', 'ok'],
  degradedValues: ['degraded'],
  environment: 'environment',
  version: 'version',
  databaseConnected: 'database_connected',
} as const;

type HealthOptions = HealthFile & { readonly [Key in keyof typeof defaultHealth]: NonNullable<HealthFile[Key]> };

export function resolveHealth(health: HealthOptions, inFolder: (path: string) => string): HealthSettings {
  const [program, ...args] = health.command ?? [];
  return {
    type: health.type,
    grpcService: health.grpcService ?? '',
    command: program === undefined ? undefined : { argv: [program, ...args], cwd: inFolder('.') },
    acceptDegraded: health.acceptDegraded,
    path: health.path,
    scheme: health.scheme,
    tls: { ca: health.ca === undefined ? undefined : inFolder(health.ca), insecure: health.insecure },
    headers: Object.fromEntries(Object.entries(health.headers ?? {}).map(([name, value]) => [name, String(value)])),
    statuses: health.statuses.map(rangeOf),
    intervalMs: parseDuration(health.interval),
    timeoutMs: parseDuration(health.timeout),
    failures: health.failures,
    successes: health.successes,
    startupMs: parseDuration(health.startup),
    check: health.check,
    fields: resolveFields(health),
  };
}

function resolveFields(health: HealthOptions): HealthSettings['fields'] {
  const fields: NonNullable<HealthOptions['fields']> = health.fields ?? {
    ...defaultFields,
    okValues: [...defaultFields.okValues],
    degradedValues: [...defaultFields.degradedValues],
  };
  return {
    status: fields.status,
    okValues: (fields.okValues ?? defaultFields.okValues).map(String),
    degradedValues: (fields.degradedValues ?? defaultFields.degradedValues).map(String),
    environment: fields.environment,
    version: fields.version,
    databaseConnected: fields.databaseConnected,
    dependencies: (fields.dependencies ?? []).map((each) => ({ ...each, required: each.required ?? true })),
  };
}

function rangeOf(status: number | string): readonly [number, number] {
  const [from = '', to = from] = String(status).split('-');
  return [Number(from), Number(to)];
}
