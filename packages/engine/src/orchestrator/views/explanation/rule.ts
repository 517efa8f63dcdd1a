// The rule of the judge as it is stored with a verdict, and in plain words. Pure.

import { percentText } from '../../../analysis/judge.ts';
import { quantiles } from '../../../analysis/latency.ts';
import type { JudgedWith, JudgeRule } from '../../../api/explanation.ts';
import { defaultMargins } from '../../../config/judge/margins.ts';
import type { JudgeSettings } from '../../../config/judge/settings.ts';
import { policyOf } from '../../run/steps/judge-policy.ts';

export function ruleOf(settings: JudgeSettings): JudgeRule {
  const { mode, minRequests, maxErrorRate, leastMs, patienceMs, atEnd } = settings;
  const { falseRollback, errorRatio, errorRate } = policyOf(settings);
  const { margins = defaultMargins, critical } = settings;
  const latency = quantiles
    .filter(({ name }) => critical?.includes(name) ?? true)
    .map(({ name }) => ({ quantile: name, ratio: margins[name] }));
  return {
    ...{ mode, minRequests, maxErrorRate, falseRollback, leastMs, patienceMs, atEnd },
    margins: { errorRatio, errorRate, latency, latencyMs: margins.slowerMs },
  };
}

export function wordsOf({ rule, percent, checks }: JudgedWith): readonly string[] {
  return [
    `More than ${percentText(rule.maxErrorRate)} errors in at least ${rule.minRequests} requests is a failure, once it is certain that they are more, and more than on the stable side.`,
    ...comparisonWords(rule, percent),
    ...(percent < 100 ? [patienceWords(rule)] : []),
    ...checks.map(
      ({ name, effect, dryRun }) => `Check ${name} ${dryRun ? 'is a dry run: it decides nothing' : effects[effect]}.`,
    ),
  ];
}

const effects = {
  guardrail: 'takes the release back when it fails, and must pass before the release is good',
  signal: 'pauses the deployment when it fails, and must pass before the release is good',
} as const;

function comparisonWords(rule: JudgeRule, percent: number): readonly string[] {
  if (percent >= 100)
    return ['With all users on the new side there is nothing to compare with: the fixed limits decide.'];
  if (rule.mode === 'manual') return ['The comparison of both sides advises; the fixed limits decide (mode: manual).'];
  const { errorRatio, errorRate, latency, latencyMs } = rule.margins;
  const slower = latency.map(({ quantile, ratio }) => `${quantile} below ${ratio} times`).join(', ');
  return [
    'The comparison of both sides decides (mode: automatic).',
    `Good is: errors proven below ${errorRatio} times those of the stable side, or below ${percentText(errorRate)}${latency.length === 0 ? '' : `; and ${slower} that of the stable side, or less than ${latencyMs} ms slower`}.`,
    `It takes back a release that is no worse in at most ${percentText(rule.falseRollback)} of canaries, and calls none good before ${secondsText(rule.leastMs)}.`,
  ];
}

function patienceWords({ patienceMs, atEnd }: JudgeRule): string {
  const end = atEnd === 'abort' ? 'the release is taken back' : 'it is paused at its share, and people decide';
  return `When the time of a step is over without a verdict, it goes on for ${secondsText(patienceMs)}; then ${end}.`;
}

const secondsText = (ms: number): string => `${Math.round(ms / 1000)} s`;
