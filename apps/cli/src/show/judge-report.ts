// Whether a team may let the comparison decide, as lines for people.

import type { JudgeReportView } from '@bg/engine';
import type { Light } from './light.ts';

export function judgeReportLines(report: JudgeReportView, { paint }: Light): readonly string[] {
  const { name, compared, notCompared, verdicts, acts, disputed, missed, isReady, advice } = report;
  const each = (title: string, canaries: JudgeReportView['disputed']) =>
    canaries.length === 0
      ? []
      : [title, ...canaries.map(({ id, version, sentence }) => `  ${version}  ${paint.dim(id)}  ${sentence}`)];
  return [
    `${paint.bold(name)}  ${compared} canaries compared, ${notCompared} deployments without a comparison`,
    `  called good ${verdicts.Successful}, bad ${verdicts.Failed}, undecided ${verdicts.Inconclusive}, not measured ${verdicts.Error}`,
    `  people acted with it ${acts.with} times, against it ${acts.against}, without a verdict ${acts.open}`,
    ...each('Called bad, and promoted all the same:', disputed),
    ...each('Called good, and taken back afterwards:', missed),
    `${isReady ? paint.green('✓') : paint.yellow('!')} ${advice}`,
  ];
}
