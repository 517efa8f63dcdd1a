// The figures of a period against what was wanted of them.

import type { Figures, GoalResult } from '../api/report.ts';
import type { GoalSettings } from '../config/report/report.ts';

type Goal = keyof GoalSettings;

const rules: Readonly<
  Record<Goal, { readonly isLeast: boolean; readonly of: (figures: Figures) => number | undefined }>
> = {
  leadTime: { isLeast: false, of: ({ leadTime }) => (leadTime.fromCommit ?? leadTime.fromRequest)?.medianMs },
  deploymentsPerWeek: { isLeast: true, of: ({ perWeek }) => perWeek },
  changeFailureRate: { isLeast: false, of: ({ changeFailureRate }) => changeFailureRate },
  restore: { isLeast: false, of: ({ restore }) => restore?.medianMs },
  reworkRate: { isLeast: false, of: ({ reworkRate }) => reworkRate },
  rollback: { isLeast: false, of: ({ rollback }) => rollback?.p95Ms },
};

const goalNames = Object.keys(rules) as readonly Goal[];

export function compareGoals(figures: Figures, goals: GoalSettings): readonly GoalResult[] {
  return goalNames.flatMap((goal) => {
    const wanted = goals[goal];
    if (wanted === undefined) return [];
    const { isLeast, of } = rules[goal];
    const actual = of(figures);
    const isMet = actual === undefined ? undefined : isLeast ? actual >= wanted : actual <= wanted;
    return [{ goal, wanted, actual, isMet }];
  });
}
