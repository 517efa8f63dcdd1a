// What the comparison said of past canaries, and what became of them: whether a team may let it decide. Pure.

import type { Verdict } from '../../../analysis/judge.ts';
import type { ExplanationView } from '../../../api/explanation.ts';
import type { JudgedCanary, JudgeReportView } from '../../../api/judge-report.ts';

/** So many canaries without a mistake are worth more than luck. */
const leastCompared = 20;
const leastSuccessful = 10;

export function tallyOf(name: string, views: readonly ExplanationView[]): JudgeReportView {
  const canaries = views.flatMap((view) => canaryOf(view) ?? []);
  const verdicts: Record<Verdict, number> = { Successful: 0, Failed: 0, Inconclusive: 0, Error: 0 };
  for (const { compared } of canaries) verdicts[compared] += 1;
  const acts = { with: 0, against: 0, open: 0 };
  for (const { toComparison } of views.flatMap((view) => view.acts)) if (toComparison) acts[toComparison] += 1;
  const disputed = canaries.filter(({ compared, ended }) => compared === 'Failed' && ended === 'promoted');
  const missed = canaries.filter(({ compared, ended }) => compared === 'Successful' && ended === 'rolled-back');
  return {
    name,
    compared: canaries.length,
    notCompared: views.length - canaries.length,
    verdicts,
    acts,
    disputed,
    missed,
    ...advice(canaries.length, verdicts.Successful, disputed.length + missed.length),
  };
}

/** By the last share that was compared; `Failed` where any was: that is what would have taken it back. */
function canaryOf({ id, version, outcome, shares }: ExplanationView): JudgedCanary | undefined {
  const advised = shares.flatMap(({ judged }) => (judged?.advice && judged.percent < 100 ? [judged.advice] : []));
  const decisive = advised.find(({ verdict }) => verdict === 'Failed') ?? advised.at(-1);
  if (decisive === undefined || outcome === undefined) return undefined;
  return { id, version, compared: decisive.verdict, sentence: decisive.sentence, ended: outcome.kind };
}

function advice(compared: number, successful: number, mistakes: number): Pick<JudgeReportView, 'isReady' | 'advice'> {
  if (mistakes > 0)
    return {
      isReady: false,
      advice: 'not yet: look at the canaries where the comparison and what happened differ, and decide which was right',
    };
  if (compared < leastCompared || successful < leastSuccessful)
    return {
      isReady: false,
      advice: `not yet: ${compared} of ${leastCompared} canaries compared, ${successful} of ${leastSuccessful} of them called good`,
    };
  return {
    isReady: true,
    advice: 'mode: automatic may be tried: the comparison agrees with what became of each canary',
  };
}
