// The file bluegreen.yaml, key by key. Nothing is transformed here: what goes in comes out, checked. Unknown keys are
// errors. The commented bluegreen.example.yaml shows every key; bluegreen.schema.json is made from this for editors.

import { z } from 'zod';
import { audit } from './audit/audit.ts';
import { haproxy } from './balancer/haproxy.ts';
import { nginx } from './balancer/nginx.ts';
import { builds } from './builds/builds.ts';
import {
  approver,
  choice,
  duration,
  durationOrZero,
  listen,
  listOf,
  matching,
  name,
  named,
  namePattern,
  network,
  path,
  port,
  text,
  token,
  whole,
  yesNo,
} from './kit/values.ts';
import { notify } from './notify/schema.ts';
import { accountOptions } from './process/account.ts';
import { serviceOptions } from './service-options.ts';
import { statuses } from './statuses/statuses.ts';

const slot = z
  .strictObject({
    port: port().describe('Port that the service listens on in this slot; it is told by APPLICATION_PORT.'),
    envFiles: listOf(path(), 16)
      .describe(
        'Env files (docs/env-files.md) of this slot alone, read after those of the target. Secrets belong here.',
      )
      .optional(),
    ...accountOptions,
  })
  .describe('One of the two fixed places of a target.');

const sticky = z
  .strictObject({
    by: choice(['cookie', 'header', 'address'])
      .describe('How a user is recognised, so that nobody flips between sides during a canary. Default: cookie.')
      .optional(),
    name: token('the name of a cookie or header')
      .describe('Name of the cookie (default bg_bucket) or of the header (no default).')
      .optional(),
  })
  .describe('What keeps one user on one side.');

const preview = z
  .strictObject({
    header: token('the name of a header')
      .describe('Header that carries the token. Default: x-bluegreen-preview.')
      .optional(),
    cookie: token('the name of a cookie').describe('Cookie that carries the token. Default: bg_preview.').optional(),
    token: matching(/^[A-Za-z0-9._~+/=-]{16,256}$/, 'a token of 16 to 256 letters, digits and ._~+/=-').describe(
      `Secret of the preview route, at least 16 characters; better from the environment: \${PREVIEW_TOKEN}.`,
    ),
    host: matching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$/, 'a host name such as preview.example.com')
      .describe('Host name of the preview: https://<token>.preview.example.com goes to the new side. Default: none.')
      .optional(),
  })
  .describe('The way to a new release before any user sees it. Without it, a preview is reached on its own port only.');

const allow = z
  .strictObject({
    by: choice(['header', 'cookie']).describe('Where the name of the user stands in a request.'),
    name: token('the name of a header or cookie').describe('Name of that header or cookie.'),
    values: listOf(matching(/^[^\p{Cc}]{1,256}$/u, 'a text of 1 to 256 characters without control characters'), 1000)
      .min(1, { error: 'a list of at least one user' })
      .describe('Values that are sent to the new side.'),
  })
  .describe('Users who always see the new side, before any share of the others is sent there.');

const loadBalancer = z
  .strictObject({
    driver: choice(['embedded', 'haproxy', 'nginx'])
      .describe(
        'Which load balancer. Default: embedded, which needs nothing else; haproxy and nginx are programs of their own.',
      )
      .optional(),
    listen: listen().describe(
      'Where users connect: a port of this machine alone, or address:port (0.0.0.0:8080 for all).',
    ),
    sticky: sticky.optional(),
    preview: preview.optional(),
    allow: allow.optional(),
    requestTimeout: duration()
      .describe('A request that gets no answer for this long is answered 504. Default: 60s.')
      .optional(),
    drainSpread: durationOrZero()
      .describe(
        'WebSockets and streams left on the old side are closed one by one over this time; 0s leaves them until it stops. Default: 0s.',
      )
      .optional(),
    receiptProbes: whole({ min: 1, max: 1000, expected: 'a number of probes from 1 to 1000' })
      .describe('Requests per node that must all see the expected release after a switch. Default: 20.')
      .optional(),
    accessLog: yesNo()
      .describe(
        'One line per request in a file of limited size, by which bg trace finds it; nginx and haproxy always keep one. Default: true.',
      )
      .optional(),
    trustedProxies: listOf(network(), 64)
      .describe(
        'Proxies in front, by address or network, whose X-Forwarded-*, Forwarded and X-Real-IP are passed on; those of all others are replaced. Default: none.',
      )
      .optional(),
    maxHeaderBytes: whole({ min: 4096, max: 1_048_576, expected: 'a number of bytes from 4096 to 1048576' })
      .describe('The most bytes that the head of a request or of an answer may have. Default: 16384.')
      .optional(),
    healthPath: matching(/^\/[A-Za-z0-9._~/-]{1,200}$/, 'a path such as /-/healthy, of letters, digits and . _ ~ - /')
      .describe(
        'For monitors outside: the balancer answers this path itself, 200 while a release is live and 503 otherwise, and counts it nowhere. Default: none.',
      )
      .optional(),
    haproxy: haproxy.optional(),
    nginx: nginx.optional(),
  })
  .describe('What stands between the users and the two slots.');

const target = z
  .strictObject({
    default: yesNo()
      .describe('The target that the name of the service alone means; exactly one when there are several.')
      .optional(),
    slots: z.strictObject({ blue: slot, green: slot }).describe('The two places where releases run.'),
    loadBalancer,
    ...serviceOptions,
  })
  .describe(
    'One place where the service runs for users. Every option of the service may be given again; mappings are merged key by key, lists replace.',
  );

const service = z
  .strictObject({
    ...serviceOptions,
    builds: builds.optional(),
    targets: named(target, namePattern, 'a mapping from names to targets').describe(
      'The places where this service runs, by name: production, staging, a region.',
    ),
  })
  .describe('A thing that is deployed. Options given here hold for all its targets.');

const person = z
  .strictObject({
    id: name().describe('Short name used in approvers, history and on the command line.'),
    name: text()
      .max(100, { error: 'a text of at most 100 characters' })
      .describe('Name for people to read. Default: the id.')
      .optional(),
    slack: matching(/^[UW][A-Z0-9]{2,20}$/, 'a Slack member id such as U0123ABCD')
      .describe('Slack member id (profile, ⋮, Copy member ID).')
      .optional(),
    email: matching(/^[^\s@]+@[^\s@]+$/, 'an e-mail address')
      .describe('Where mail goes, and the author of a commit.')
      .optional(),
    codeHost: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a login of the code host')
      .describe('Login on GitHub, GitLab, …')
      .optional(),
    osUser: matching(/^[a-z_][a-z0-9_.-]{0,31}$/, 'a user of this machine')
      .describe('User of this machine who runs the command line.')
      .optional(),
  })
  .describe('Who is not in this list may look, not act.');

const commandWord = () =>
  matching(/^[a-z][a-z0-9_-]{0,31}$/, 'a command of 1 to 32 small letters, digits, _ and -, without the slash');

const slack = z
  .strictObject({
    team: matching(/^[TE][A-Z0-9]{2,20}$/, 'a Slack workspace id such as T0123ABCD')
      .describe('Refuse every other workspace. Default: the workspace of the token.')
      .optional(),
    prefix: matching(
      /^[a-z][a-z0-9_-]{0,15}$/,
      'a prefix of up to 16 small letters, digits, _ and - that starts with a letter',
    )
      .describe('Put before each command, for workspaces where the plain words are taken: shop- makes /shop-deploy.')
      .optional(),
    commands: z
      .strictObject({
        deploy: commandWord().describe('Default: deploy.').optional(),
        switch: commandWord().describe('Default: switch.').optional(),
        rollback: commandWord().describe('Default: rollback.').optional(),
        status: commandWord()
          .describe('Default: deploy-status, since Slack keeps /status for itself; status with a prefix.')
          .optional(),
      })
      .describe('The words of the slash commands, without the slash.')
      .optional(),
  })
  .describe(
    'How the bot appears in Slack. Its token and signing secret come from the environment, never from this file.',
  );

export const configSchema = z.strictObject(
  {
    state: path().describe(
      'Folder for state, sockets and logs; at most 60 bytes long once absolute. Made when missing.',
    ),
    people: listOf(person, 1000).describe('Everybody who may act, once, with all the names they go by.').optional(),
    approvers: listOf(approver(), 200)
      .describe(
        'Who may approve, unless a service or target says otherwise: ids of people, and Slack groups as group:S….',
      )
      .optional(),
    slack: slack.optional(),
    notify: notify.optional(),
    statuses: statuses.optional(),
    audit: audit.optional(),
    services: named(service, namePattern, 'a mapping from names to services').describe('What is deployed, by name.'),
  },
  { error: 'a mapping with the keys state, people, approvers, slack, notify and services' },
);

/** The file as written: durations, sizes and percentages are still text, nothing is merged, no default is filled in. */
export type ConfigFile = z.infer<typeof configSchema>;
export type ServiceFile = ConfigFile['services'][string];
export type TargetFile = ServiceFile['targets'][string];
