// The file bluegreen.yaml, key by key. Nothing is transformed here: what goes in comes out, checked. Unknown keys are
// errors. The commented bluegreen.example.yaml shows every key; bluegreen.schema.json is made from this for editors.

import { z } from 'zod';
import { audit } from './audit/audit.ts';
import { balancerSchema } from './balancer/balancer.ts';
import { builds } from './builds/builds.ts';
import type { Drivers } from './drivers.ts';
import { slotInstances } from './instances/instances.ts';
import { approver, listOf, matching, name, named, namePattern, path, text, yesNo } from './kit/values.ts';
import { monitoring } from './monitoring/monitoring.ts';
import { notify } from './notify/schema.ts';
import { accountOptions } from './process/account.ts';
import { environmentSchema } from './process/environment.ts';
import { goals, summary } from './report/report.ts';
import { serviceOptions } from './service-options.ts';
import { statuses } from './statuses/statuses.ts';
import { web } from './web/web.ts';

const slot = z
  .strictObject({
    ...slotInstances,
    envFiles: listOf(path(), 16)
      .describe('Env files (docs/env-files.md) of this slot only, read after those of the target. Secrets belong here.')
      .optional(),
    ...accountOptions,
  })
  .describe('One of the two fixed places of a target.');

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
    codeHost: matching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'a login of the code host')
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
    onCall: listOf(approver(), 50)
      .describe(
        'Whom the bot mentions when a live release is in trouble: ids of people, and Slack groups as group:S…. Default: the approvers of the target and the requester of the release.',
      )
      .optional(),
  })
  .describe(
    'How the bot appears in Slack. Its token and signing secret come from the environment, never from this file.',
  );

const known = new WeakMap<Drivers, ReturnType<typeof makeSchema>>();

/** The same for the same drivers. */
export function configSchema(drivers: Drivers): ReturnType<typeof makeSchema> {
  const made = known.get(drivers) ?? makeSchema(drivers);
  known.set(drivers, made);
  return made;
}

function makeSchema(drivers: Drivers) {
  return z.strictObject(
    {
      state: path().describe(
        'Folder for state, sockets and logs; at most 60 bytes long once absolute. Made when missing.',
      ),
      people: listOf(person, 1000)
        .describe('All people who may act, once each, with all the names they go by.')
        .optional(),
      approvers: listOf(approver(), 200)
        .describe(
          'Who may approve, unless a service or target says otherwise: ids of people, and Slack groups as group:S….',
        )
        .optional(),
      slack: slack.optional(),
      notify: notify.optional(),
      statuses: statuses.optional(),
      audit: audit.optional(),
      monitoring: monitoring.optional(),
      goals: goals.optional(),
      summary: summary.optional(),
      web: web.optional(),
      services: named(serviceSchema(drivers), namePattern, 'a mapping from names to services').describe(
        'What is deployed, by name.',
      ),
    },
    { error: 'a mapping with the keys state, people, approvers, slack, notify and services' },
  );
}

function serviceSchema(drivers: Drivers) {
  const options = serviceOptions(drivers);
  const target = z
    .strictObject({
      default: yesNo()
        .describe('The target that the name of the service means by itself; exactly one when there are several.')
        .optional(),
      slots: z.strictObject({ blue: slot, green: slot }).describe('The two places where releases run.'),
      environment: environmentSchema(drivers.environments).optional(),
      loadBalancer: balancerSchema(drivers.balancers),
      ...options,
    })
    .describe(
      'One place where the service runs for users. Every option of the service may be given again; mappings are merged key by key, lists replace.',
    );
  return z
    .strictObject({
      ...options,
      builds: builds.optional(),
      goals: goals.optional(),
      targets: named(target, namePattern, 'a mapping from names to targets').describe(
        'The places where this service runs, by name: production, staging, a region.',
      ),
    })
    .describe('A thing that is deployed. Options given here hold for all its targets.');
}

/** The file as written: durations, sizes and percentages are still text, nothing is merged, no default is filled in. */
export type ConfigFile = z.infer<ReturnType<typeof configSchema>>;
export type ServiceFile = ConfigFile['services'][string];
export type TargetFile = ServiceFile['targets'][string];
