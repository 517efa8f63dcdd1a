// What a service says about how it is run, checked and moved; each of its targets may say it again. All optional here:
// check-names.ts checks what must be there after merging, since it may be set at either of them.

import { z } from 'zod';
import { approval } from './approval/approval.ts';
import { artifacts } from './artifacts/artifacts.ts';
import { keepReleases } from './artifacts/keep-releases.ts';
import { staleness } from './builds/staleness.ts';
import { databaseSchema } from './database/database.ts';
import type { Drivers } from './drivers.ts';
import { freezes } from './freezes/freezes.ts';
import { guard } from './guard/guard.ts';
import { health } from './health/health.ts';
import { instanceOptions } from './instances/instances.ts';
import { judgeSchema } from './judge/judge.ts';
import {
  choice,
  duration,
  durationOrZero,
  listOf,
  matching,
  named,
  path,
  plainValue,
  size,
  text,
  urlPath,
  whole,
  yesNo,
} from './kit/values.ts';
import { recipients } from './notify/schema.ts';
import { continuousSmoke } from './probes/continuous-smoke.ts';
import { drill } from './probes/drill.ts';
import { accountOptions, quota } from './process/account.ts';
import { requiredEnv, variablePattern } from './process/required-env.ts';
import { processRoles } from './process-roles/process-roles.ts';
import { roles } from './roles/roles.ts';

const jsonValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'a text, a number, true, false or null',
});

export const smokeTest = z
  .strictObject({
    name: text().max(100, { error: 'a text of at most 100 characters' }).describe('Shown when it fails; unique.'),
    method: choice(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).describe('Default: GET.').optional(),
    path: urlPath().describe('Path and query.'),
    headers: z
      .record(z.string(), plainValue, { error: 'a mapping of header names to values' })
      .describe('Sent with the request.')
      .optional(),
    body: z
      .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())], {
        error: 'a text, or a mapping or list that is sent as JSON',
      })
      .describe('A text is sent as it is; a mapping or list is sent as JSON.')
      .optional(),
    timeout: duration().describe('Default: 10s.').optional(),
    continuous: yesNo()
      .describe(
        'Whether the test also belongs to the continuous smoke tests. Default: true for GET, HEAD and OPTIONS, else false.',
      )
      .optional(),
    expect: z
      .strictObject({
        status: whole({ min: 100, max: 599, expected: 'an HTTP status from 100 to 599' })
          .describe('Default: 200.')
          .optional(),
        json: z
          .record(z.string(), jsonValue, { error: 'a mapping of dotted paths to values' })
          .describe('Dotted path into the answer, and the value it must have.')
          .optional(),
        text: listOf(text(), 50).describe('Each of these texts must be in the answer.').optional(),
      })
      .describe('What the answer must be.')
      .optional(),
  })
  .describe('One request that a new side must answer as expected before any user is sent to it.');

const canaryStep = z
  .strictObject({
    percent: whole({ min: 1, max: 99, expected: 'a whole percentage from 1 to 99' }).describe(
      'Share of the users on the new side.',
    ),
    watch: duration().describe('How long the two sides are compared.').optional(),
    approval: yesNo().describe('Ask people, after watching.').optional(),
  })
  .describe('One step of moving users to the new side; it watches, asks, or both.');

const runKeys = {
  releases: path().describe('Folder with one folder per version.').optional(),
  command: listOf(text(), 200)
    .min(1, { error: 'a list of a program and its arguments' })
    .describe(
      `Program and arguments, run in the folder of the release; never through a shell. \${NAME} is filled in from the service's own variables when a slot starts.`,
    )
    .optional(),
  env: named(plainValue, variablePattern, 'a mapping from variables to values')
    .describe(
      `Variables of the service. \${NAME} is filled in when a slot starts: from env files, ENVIRONMENT_COLOR, APPLICATION_PORT, APP_VERSION and INSTANCE.`,
    )
    .optional(),
  envFiles: listOf(path(), 16)
    .describe('Env files (docs/env-files.md) for both slots. Secrets belong here.')
    .optional(),
  requiredEnv: requiredEnv
    .describe('A slot is not started while one of these is missing, or does not have its format.')
    .optional(),
  ...accountOptions,
  ...instanceOptions,
  quota: quota.optional(),
  processRoles: processRoles.optional(),
};

const otherKeys = {
  artifacts: artifacts.optional(),
  keepReleases: keepReleases.optional(),
  grace: durationOrZero().describe('Between SIGTERM and SIGKILL. Default: 30s.').optional(),
  drain: z
    .strictObject({
      limit: durationOrZero()
        .describe('How long a side that is stopped or replaced may take to end what it has begun. Default: as grace.')
        .optional(),
    })
    .describe('What happens to requests that are still open on a side that gets no users any more.')
    .optional(),
  settle: durationOrZero()
    .describe('A process that ends within this time has failed to start. Default: 300ms.')
    .optional(),
  health: health.optional(),
  smokeTests: listOf(smokeTest, 100)
    .describe('Requests that a new side must answer; three or more are a good habit.')
    .optional(),
  drill: drill.optional(),
  smokeTotal: duration().describe('Limit for all smoke tests together. Default: 60s.').optional(),
  continuousSmoke: continuousSmoke.optional(),
  canary: listOf(canaryStep, 50)
    .describe(
      'Steps from few users to all, in rising order; [] moves all users at once. Default: 10 % watched for 60s, 10 % asked, 50 % watched for 60s.',
    )
    .optional(),
  canaryLimits: z
    .strictObject({
      largestStep: whole({ min: 1, max: 99, expected: 'a whole percentage from 1 to 99' }).describe(
        'Percent of the users that one step may move at most.',
      ),
      leastWatch: duration().describe('How long each step is watched at least.'),
    })
    .describe(
      'Limits of the steps that a person gives for one deployment (--canary). Default: as large and as long as those of `canary`.',
    )
    .optional(),
  roles: roles.optional(),
  approval: approval.optional(),
  bake: durationOrZero()
    .describe('How long the new side is watched after all users were moved. Default: 2m.')
    .optional(),
  standby: z
    .strictObject({
      keep: z
        .union([choice(['until-next-deployment']), durationOrZero()], {
          error: 'a duration up to 24d such as 24h, or until-next-deployment',
        })
        .describe('How long the previous side is kept running after the bake. Default: 24h.')
        .optional(),
    })
    .describe('The previous side, kept warm so that going back is a flip of routing.')
    .optional(),
  afterBake: choice(['keep', 'stop', 'upgrade', 'ask'])
    .describe(
      'What becomes of the previous side after the bake: kept warm, stopped, upgraded to the new version, or asked. Default: keep.',
    )
    .optional(),
  failedSide: z
    .strictObject({
      keep: durationOrZero()
        .describe('How long a failed new side is retained for examination. Default: 30m.')
        .optional(),
      // biome-ignore lint/suspicious/noThenProperty: a key of the file, never awaited
      then: choice(['restore', 'stop'])
        .describe('Afterwards: bring the last good release back there, or stop it. Default: restore.')
        .optional(),
    })
    .describe('What becomes of a new side that was given up.')
    .optional(),
  lockReminder: durationOrZero()
    .describe('The owner of a lock is reminded each time it has held this long again; 0s for never. Default: 4h.')
    .optional(),
  staleness: staleness.optional(),
  suspendAfterRollback: yesNo()
    .describe(
      'After a release was taken back and marked bad, machines deploy nothing here until a person resumes the automation or makes a release live. Default: true.',
    )
    .optional(),
  crash: z
    .strictObject({
      firstRestart: duration().describe('Pause before the first restart; doubled each time. Default: 1s.').optional(),
      maxRestart: duration().describe('Longest pause between restarts. Default: 60s.').optional(),
    })
    .describe('What happens when a side ends by itself.')
    .optional(),
  guard: guard.optional(),
  freezes: freezes.optional(),
  limits: z
    .strictObject({
      disk: size().describe('Free disk without which nothing is started. Default: 256MB.').optional(),
      memory: size().describe('Free memory without which nothing is started. Default: 128MB.').optional(),
      log: size().describe("How much of a slot's output is retained at most, in four files. Default: 50MB.").optional(),
    })
    .describe('What this machine must have, and what a slot may take.')
    .optional(),
  notify: recipients.optional(),
  channel: matching(/^(#[^\s#]{1,80}|[CGD][A-Z0-9]{2,20})$/, 'a Slack channel such as "#deploys" or C0123ABCD')
    .describe('Slack channel where deployments are shown.')
    .optional(),
};

export const serviceOptions = ({ databases, evidence }: Pick<Drivers, 'databases' | 'evidence'>) => ({
  ...runKeys,
  database: databaseSchema(databases).optional(),
  judge: judgeSchema(evidence).optional(),
  ...otherKeys,
});

export type ServiceOptions = z.infer<z.ZodObject<ReturnType<typeof serviceOptions>, z.core.$strict>>;
