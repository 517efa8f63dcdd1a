// Which monitoring systems may ask for a rollback, a pause or a lock, about which alerts, on which targets, how often.
// Their secrets come from the environment of the receiver, never from this file.

import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { choice, duration, durationOrZero, listOf, matching, name, named, whole, yesNo } from '../kit/values.ts';

export const labelPattern = /^[^\s\p{C}]{1,100}$/u;
const labelValue = () => matching(/^[^\p{C}]{1,200}$/u, 'a text of 1 to 200 characters without control characters');

const rule = z
  .strictObject({
    act: choice(['rollback', 'pause', 'lock']).describe(
      'rollback: take back the release that has just got users. pause: hold the deployment that runs. lock: nothing new is deployed.',
    ),
    service: name().describe('The service that it is done to.'),
    target: name().describe('Default: the default target of the service.').optional(),
    labels: named(
      z.union([labelValue(), listOf(labelValue(), 50).min(1, { error: 'a list of at least one value' })], {
        error: 'a text, or a list of texts',
      }),
      labelPattern,
      'a mapping from labels to values',
    )
      .describe('Labels (tags, for Datadog) that an alert must have, each with this value or one of these values.')
      .optional(),
    afterPromotion: durationOrZero()
      .describe('A rollback is also possible for so long after all users were moved. Default: 0s, until the bake ends.')
      .optional(),
    alertAge: durationOrZero()
      .describe('Nothing is done before the alert has fired for so long without being resolved. Default: 0s.')
      .optional(),
    atMost: whole({ min: 1, max: 100, expected: 'a number of acts from 1 to 100' })
      .describe('Acts `within`; further ones are refused. Default: 1.')
      .optional(),
    within: duration().describe('The time that acts are counted in. Default: 1h.').optional(),
    for: duration().describe('How long a lock holds, at most 7d. Default: 1h.').optional(),
    lift: yesNo()
      .describe('A pause or lock ends when all its alerts are resolved, unless a person changed it. Default: false.')
      .optional(),
  })
  .describe('What one kind of alert does to one target.');

const caller = z
  .strictObject({
    name: name().describe(
      'Its address is /hooks/monitoring/<name>, and its secret the variable MONITORING_<NAME>_SECRET of the receiver.',
    ),
    sender: choice(['alertmanager', 'datadog', 'script']).describe(
      'alertmanager and datadog: proved by a bearer token or a password. script: signed as Standard Webhooks has it.',
    ),
    rules: listOf(rule, 100)
      .min(1, { error: 'a list of at least one rule' })
      .describe('What it may ask for; everything else is refused.'),
  })
  .describe('One monitoring system.');

export const monitoring = listOf(caller, 20).describe(
  'Monitoring systems that may ask for a rollback, a pause or a lock. Default: none.',
);

export type MonitoringFile = z.infer<typeof monitoring>;

export type MonitoringAct = MonitoringFile[number]['rules'][number]['act'];
export type MonitoringSender = MonitoringFile[number]['sender'];

export interface MonitoringRule {
  readonly act: MonitoringAct;
  readonly service: string;
  /** Undefined: the default target. */
  readonly target: string | undefined;
  /** Each label must be there with one of its values. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly afterPromotionMs: number;
  readonly alertAgeMs: number;
  readonly atMost: number;
  readonly withinMs: number;
  readonly lockMs: number;
  readonly lift: boolean;
}

export interface MonitoringCaller {
  readonly name: string;
  readonly sender: MonitoringSender;
  readonly rules: readonly MonitoringRule[];
}

export const maxLock = '7d';

export function resolveMonitoring(callers: MonitoringFile): readonly MonitoringCaller[] {
  return callers.map(({ name: of, sender, rules }) => ({ name: of, sender, rules: rules.map(resolveRule) }));
}

function resolveRule({ for: lock, ...given }: MonitoringFile[number]['rules'][number]): MonitoringRule {
  return {
    act: given.act,
    service: given.service,
    target: given.target,
    labels: Object.fromEntries(
      Object.entries(given.labels ?? {}).map(([label, values]) => [label, [values].flat()] as const),
    ),
    afterPromotionMs: parseDuration(given.afterPromotion ?? '0s'),
    alertAgeMs: parseDuration(given.alertAge ?? '0s'),
    atMost: given.atMost ?? 1,
    withinMs: parseDuration(given.within ?? '1h'),
    lockMs: parseDuration(lock ?? '1h'),
    lift: given.lift ?? false,
  };
}

/** The variable of the receiver that holds the secret of a caller. */
export const monitoringVariable = (caller: string): string =>
  `MONITORING_${caller.toUpperCase().replaceAll('-', '_')}_SECRET`;
