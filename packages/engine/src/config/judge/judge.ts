// When a canary is good, bad, or not yet known: the policy, and the checks that bring evidence from outside.

import { z } from 'zod';
import { parseDuration, parsePercentage } from '../../lib/units.ts';
import { type Drivers, ownOf, requireDriver } from '../drivers.ts';
import { choice, durationOrZero, listOf, percentage, smallChance, whole } from '../kit/values.ts';
import { type CheckFile, checkSchema } from './checks.ts';
import { marginKeys, resolveMargins } from './margins.ts';
import type { CheckSettings, JudgeSettings } from './settings.ts';

export const policyKeys = {
  minRequests: whole({ min: 1, max: 1_000_000, expected: 'a number of requests from 1 to 1000000' })
    .describe('Fewer requests on the new side give no verdict. Default: 50.')
    .optional(),
  maxErrorRate: percentage()
    .describe(
      'A new side with more errors than this is taken back, once it is certain that they are more than this, and more than on the stable side. Default: 5%.',
    )
    .optional(),
  patience: durationOrZero()
    .describe('How long a watch may stay without a verdict past its time; then `atEnd` decides. Default: 5m.')
    .optional(),
  atEnd: choice(['ask', 'abort'])
    .describe(
      'What happens after `patience`. ask: the deployment is paused where it is, and people decide. abort: it is aborted. Default: ask.',
    )
    .optional(),
  mode: choice(['manual', 'automatic'])
    .describe(
      'manual: the limits above decide, and the comparison of both sides is shown. automatic: the comparison decides. Default: manual.',
    )
    .optional(),
  falseRollback: smallChance()
    .describe('Share of good releases that the comparison may take back by mistake. Default: 1%.')
    .optional(),
  least: durationOrZero()
    .describe('Least time of a whole canary before the comparison calls a release good. Default: 1m.')
    .optional(),
  ...marginKeys,
};

export const judgeSchema = (evidence: Drivers['evidence']) =>
  z
    .strictObject({
      ...policyKeys,
      checks: listOf(checkSchema(evidence), 20)
        .describe('Evidence from outside the load balancer (docs/checks.md). Default: none.')
        .optional(),
    })
    .describe('When a canary is good, bad, or not yet known.');

type JudgeFile = z.infer<ReturnType<typeof judgeSchema>>;

export const defaultJudge = {
  minRequests: 50,
  maxErrorRate: '5%',
  patience: '5m',
  atEnd: 'ask' as NonNullable<JudgeFile['atEnd']>,
  mode: 'manual' as NonNullable<JudgeFile['mode']>,
  falseRollback: '1%',
  least: '1m',
} satisfies JudgeFile;

export function resolveJudge(file: typeof defaultJudge & JudgeFile, evidence: Drivers['evidence']): JudgeSettings {
  return {
    ...resolvePolicy(file),
    ...(file.checks?.length ? { checks: file.checks.map((check) => resolveCheck(check, evidence)) } : {}),
  };
}

/** Without the checks. */
export function resolvePolicy(file: typeof defaultJudge & Omit<JudgeFile, 'checks'>): JudgeSettings {
  return {
    minRequests: file.minRequests,
    maxErrorRate: parsePercentage(file.maxErrorRate),
    patienceMs: parseDuration(file.patience),
    atEnd: file.atEnd,
    mode: file.mode,
    falseRollback: parsePercentage(file.falseRollback),
    leastMs: parseDuration(file.least),
    ...resolveMargins(file),
  };
}

function resolveCheck(file: CheckFile, evidence: Drivers['evidence']): CheckSettings {
  const driver = requireDriver(evidence, file.source);
  const own = ownOf(file, driver.name);
  const secrets = driver.secrets?.(own as never);
  return {
    name: file.name,
    source: file.source,
    effect: file.effect ?? 'signal',
    dryRun: file.dryRun ?? false,
    intervalMs: parseDuration(file.interval ?? '15s'),
    timeoutMs: parseDuration(file.timeout ?? '5s'),
    failures: file.failures ?? 0,
    errors: file.errors ?? 3,
    inconclusive: file.inconclusive ?? 3,
    agree: parsePercentage(file.agree ?? '20%'),
    max: file.max,
    min: file.min,
    isPair: driver.isPair?.(own as never) ?? false,
    authorization: file.authorization,
    ...(secrets === undefined ? {} : { secrets }),
    settings: driver.resolve(own as never),
  };
}

/** The secrets that must not appear in any text. */
export const judgeSecrets = ({ checks = [] }: JudgeSettings): readonly string[] =>
  checks.flatMap(({ authorization, secrets = {} }) => [authorization ?? [], Object.values(secrets)].flat());

/**
 * What came with a later version is left out while it decides nothing: an update makes no pending approval stale. Nor
 * does a token that was renewed.
 */
export function judgeInDigest(settings: JudgeSettings) {
  const { mode, atEnd, falseRollback, leastMs, critical, margins, checks, ...judge } = settings;
  const closed = checks?.map(({ authorization: _authorization, secrets: _secrets, ...check }) => check);
  return {
    ...judge,
    // The default was another when it came; what sets none has the digest that it had before.
    ...(atEnd === 'ask' ? {} : { atEnd }),
    ...(mode === 'manual' ? {} : { mode, falseRollback, leastMs }),
    ...(mode === 'manual' || critical === undefined ? {} : { critical }),
    ...(mode === 'manual' || margins === undefined ? {} : { margins }),
    ...(closed === undefined ? {} : { checks: closed }),
  };
}
