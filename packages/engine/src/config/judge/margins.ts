// What of the new side must be proven good, and how much worse still counts as good.

import { z } from 'zod';
import { parseDuration, parsePercentage } from '../../lib/units.ts';
import { choice, durationOrZero, listOf, percentage } from '../kit/values.ts';
import type { JudgeMargins } from './settings.ts';

const factor = (what: string, standard: number) =>
  z
    .number({ error: 'a factor from 1.05 to 10, such as 1.5' })
    .min(1.05, { error: 'a factor from 1.05 to 10, such as 1.5' })
    .max(10, { error: 'a factor from 1.05 to 10, such as 1.5' })
    .describe(`${what} Default: ${standard}.`)
    .optional();

const slower = (quantile: string, standard: number) =>
  factor(`Up to so many times the ${quantile} of the stable side is good.`, standard);

export const marginKeys = {
  critical: listOf(choice(['errors', 'p50', 'p90', 'p99']), 4)
    .refine((metrics) => metrics.includes('errors'), { error: 'a list that has errors in it' })
    .describe(
      'What the comparison proves before it calls a release good, and takes a release back for. Default: [errors, p50, p90, p99].',
    )
    .optional(),
  margins: z
    .strictObject({
      errors: factor('Errors up to so many times as frequent as on the stable side are good.', 2),
      errorRate: percentage().describe('So are errors below this. Default: 0.5%.').optional(),
      p50: slower('median', 1.25),
      p90: slower('90th percentile', 1.25),
      p99: slower('99th percentile', 1.5),
      slower: durationOrZero()
        .describe(
          'Answers that take less than this longer are good, and no reason to take a release back. Default: 5ms.',
        )
        .optional(),
    })
    .describe('How much worse than the stable side still counts as good.')
    .optional(),
};

type MarginFile = z.infer<z.ZodObject<typeof marginKeys>>;

export const defaultMargins: JudgeMargins = {
  errors: 2,
  errorRate: 0.005,
  p50: 1.25,
  p90: 1.25,
  p99: 1.5,
  slowerMs: 5,
};

/** Only what the file sets, so that it has the digest that it had before these keys. */
export function resolveMargins({ critical, margins }: MarginFile) {
  return {
    ...(critical === undefined ? {} : { critical }),
    ...(margins === undefined ? {} : { margins: marginsOf(margins) }),
  };
}

const marginsOf = ({ errors, errorRate, p50, p90, p99, slower: by }: NonNullable<MarginFile['margins']>) => ({
  errors: errors ?? defaultMargins.errors,
  errorRate: errorRate === undefined ? defaultMargins.errorRate : parsePercentage(errorRate),
  p50: p50 ?? defaultMargins.p50,
  p90: p90 ?? defaultMargins.p90,
  p99: p99 ?? defaultMargins.p99,
  slowerMs: by === undefined ? defaultMargins.slowerMs : parseDuration(by),
});
