// Another policy for a canary that is judged once more: keys of `judge` in one line, over those of the target.

import { parse } from 'yaml';
import { z } from 'zod';
import { defaultJudge, policyKeys, resolvePolicy } from './judge.ts';
import type { JudgeSettings } from './settings.ts';

const longestText = 1_000;
const schema = z.strictObject(policyKeys);

/** Where each key of the file is in the settings. */
const places = {
  minRequests: 'minRequests',
  maxErrorRate: 'maxErrorRate',
  patience: 'patienceMs',
  atEnd: 'atEnd',
  mode: 'mode',
  falseRollback: 'falseRollback',
  least: 'leastMs',
  critical: 'critical',
  margins: 'margins',
} as const satisfies Readonly<Record<keyof typeof policyKeys, keyof JudgeSettings>>;

/** @returns a sentence where the text says nothing that a policy has */
export function policyChange(base: JudgeSettings, text: string | undefined): JudgeSettings | string {
  if (text === undefined) return base;
  if (text.length > longestText) return `a policy of more than ${longestText} characters is not read`;
  const written = schema.safeParse(parsed(text));
  if (!written.success) {
    const [issue] = written.error.issues;
    const expected =
      issue?.code === 'unrecognized_keys' ? `has no ${issue.keys.join(', ')}` : `expected ${issue?.message}`;
    return `the policy cannot be read: ${[...(issue?.path ?? []), expected].join(' ')}`;
  }
  const { data } = written;
  const resolved = resolvePolicy({ ...data, ...filled(data) });
  const keys = Object.keys(data) as (keyof typeof places)[];
  return { ...base, ...Object.fromEntries(keys.map((key) => [places[key], resolved[places[key]]])) };
}

function parsed(text: string): unknown {
  try {
    return parse(`{ ${text} }`, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

const filled = (data: z.infer<typeof schema>): typeof defaultJudge => ({
  minRequests: data.minRequests ?? defaultJudge.minRequests,
  maxErrorRate: data.maxErrorRate ?? defaultJudge.maxErrorRate,
  patience: data.patience ?? defaultJudge.patience,
  atEnd: data.atEnd ?? defaultJudge.atEnd,
  mode: data.mode ?? defaultJudge.mode,
  falseRollback: data.falseRollback ?? defaultJudge.falseRollback,
  least: data.least ?? defaultJudge.least,
});
