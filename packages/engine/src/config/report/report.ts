// What reports are compared with, and the summary that a channel gets.

import { z } from 'zod';
import { parseDuration, parsePercentage } from '../../lib/units.ts';
import { choice, listOf, matching, name, percentage } from '../kit/values.ts';
import { zone } from '../kit/zones.ts';

/** A lead time may be longer than a timer can run. */
const longDuration = () =>
  matching(
    /^(?!0+[a-z])\d{1,4}(s|m|h|d)$/,
    'a duration above zero in seconds, minutes, hours or days, such as 30s, 4h or 90d',
  );

const perWeek = () =>
  z
    .number({ error: 'a number above 0 and up to 10000, such as 5 or 0.5' })
    .gt(0, { error: 'a number above 0 and up to 10000, such as 5 or 0.5' })
    .max(10_000, { error: 'a number above 0 and up to 10000, such as 5 or 0.5' });

export const goals = z
  .strictObject({
    leadTime: longDuration().describe('Median from the commit to all users, at most.').optional(),
    deploymentsPerWeek: perWeek().describe('Deployments that gave all users a release, at least.').optional(),
    changeFailureRate: percentage()
      .describe('Share of deployments that were taken back for cause, at most.')
      .optional(),
    restore: longDuration()
      .describe('Median from the first sign of a failure to users on a healthy side, at most.')
      .optional(),
    reworkRate: percentage().describe('Share of deployments that repair an earlier one, at most.').optional(),
    rollback: longDuration()
      .describe('95 % of the rollbacks, from the click to the proof that users are back, at most.')
      .optional(),
  })
  .describe('What `bg report` and the summary compare the figures with. A service may say it again, key by key.');

export const summary = z
  .strictObject({
    every: choice(['day', 'week']).describe('day: of the day before. week: on Monday, of the week before.'),
    at: matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as "09:00"')
      .describe('When it is posted, in `zone`. Default: "09:00".')
      .optional(),
    zone: zone().describe('IANA zone in which days and weeks begin. Default: UTC.').optional(),
    channel: matching(/^(#[^\s#]{1,80}|[CGD][A-Z0-9]{2,20})$/, 'a Slack channel such as "#deploys" or C0123ABCD')
      .describe('Where it is posted. Default: the channel of the first target.')
      .optional(),
    mail: listOf(name(), 200).describe('Ids of people who get it by mail as well. Default: none.').optional(),
  })
  .describe('A summary of what was deployed, in the channel and by mail. Default: none.');

/** Durations in ms, rates as shares. */
export interface GoalSettings {
  readonly leadTime?: number | undefined;
  readonly deploymentsPerWeek?: number | undefined;
  readonly changeFailureRate?: number | undefined;
  readonly restore?: number | undefined;
  readonly reworkRate?: number | undefined;
  readonly rollback?: number | undefined;
}

interface SummarySettings {
  readonly every: 'day' | 'week';
  /** `09:00` */
  readonly at: string;
  readonly zone: string;
  readonly channel: string | undefined;
  /** Ids of people. */
  readonly mail?: readonly string[] | undefined;
}

export interface ReportSettings {
  readonly goals: GoalSettings;
  /** By service, each with those of the file merged in. */
  readonly goalsOf: Readonly<Record<string, GoalSettings>>;
  readonly summary: SummarySettings | undefined;
}

type GoalsFile = z.infer<typeof goals>;

interface ReportFile {
  readonly goals?: GoalsFile | undefined;
  readonly summary?: z.infer<typeof summary> | undefined;
  readonly services: Readonly<Record<string, { readonly goals?: GoalsFile | undefined }>>;
}

export function resolveReport({ goals: shared = {}, summary: posted, services }: ReportFile): ReportSettings {
  return {
    goals: goalSettings(shared),
    goalsOf: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [name, goalSettings({ ...shared, ...service.goals })]),
    ),
    summary: posted && {
      every: posted.every,
      at: posted.at ?? '09:00',
      zone: posted.zone ?? 'UTC',
      channel: posted.channel,
      ...(posted.mail === undefined ? {} : { mail: posted.mail }),
    },
  };
}

function goalSettings(file: GoalsFile): GoalSettings {
  const ms = (text: string | undefined) => (text === undefined ? undefined : parseDuration(text));
  const share = (text: string | undefined) => (text === undefined ? undefined : parsePercentage(text));
  return {
    leadTime: ms(file.leadTime),
    deploymentsPerWeek: file.deploymentsPerWeek,
    changeFailureRate: share(file.changeFailureRate),
    restore: ms(file.restore),
    reworkRate: share(file.reworkRate),
    rollback: ms(file.rollback),
  };
}
