// What a judge says of a recorded canary, as lines for people.

import type { ReplayView, VerdictChange } from '@bg/engine';
import { clockText, durationText } from './amounts.ts';
import type { Light } from './light.ts';

export function replayLines(view: ReplayView, { paint }: Light): readonly string[] {
  const policy =
    view.set === undefined ? `the policy of ${view.policyOf}` : `the policy of ${view.policyOf}, and ${view.set}`;
  return [
    `${paint.bold(`${view.service}/${view.target}  ${view.version}`)}  ${paint.dim(view.id)}`,
    `${view.looks} looks in ${durationText(view.lengthMs)}, judged by ${policy}`,
    ...changeLines('decided then', view.decided),
    ...changeLines('compared then', view.compared),
    ...changeLines('compared now', view.replayed),
    ...markLines(view),
    ...(view.unreadable === 0 ? [] : [`${paint.yellow('!')} ${view.unreadable} lines of the recording cannot be read`]),
    ...(view.looks === 0 ? [`${paint.yellow('!')} no user was on the new side while it was recorded`] : []),
  ];
}

const markLines = ({ marks }: ReplayView): readonly string[] =>
  marks.length === 0
    ? []
    : ['changed meanwhile:', ...marks.map(({ at, kind, sentence }) => `  ${clockText(at)}  ${kind}  ${sentence}`)];

const changeLines = (title: string, changes: readonly VerdictChange[]): readonly string[] =>
  changes.length === 0
    ? []
    : [
        `${title}:`,
        ...changes.map(
          ({ afterMs, percent, verdict, metric, sentence }) =>
            `  after ${durationText(afterMs)} at ${percent} %  ${verdict}${metric === undefined ? '' : ` (${metric})`}${sentence === undefined ? '' : `: ${sentence}`}`,
        ),
      ];
