// What decided a canary, as lines for people.

import {
  type CheckView,
  type Decider,
  type ExplanationView,
  type JudgedShare,
  type PersonAct,
  shortName,
} from '@bg/engine';
import { clockText, durationText } from './amounts.ts';
import type { Light } from './light.ts';
import { outcomeWord } from './outcome.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';
import { sideCells } from './timeline.ts';

export function judgementLines(view: ExplanationView, { paint }: Light): readonly string[] {
  const change = view.from === undefined ? view.version : `${view.from} → ${view.version}`;
  const ended = view.outcome === undefined ? paint.cyan('▶ not finished') : outcomeWord(view.outcome, paint);
  return [
    `${paint.bold(`${view.name}  ${change}`)}  ${paint.dim(`${view.id} in ${view.slot}`)}`,
    `${ended}: ${view.summary}`,
    ...view.shares.flatMap((share) => ['', ...shareLines(view, share, paint)]),
    ...actLines(view.acts, paint),
    ...changedLines(view, paint),
    ...view.remarks.map((remark) => `${paint.yellow('!')} ${remark}`),
  ];
}

function shareLines(view: ExplanationView, share: JudgedShare, paint: Paint): readonly string[] {
  const { numbers, judged, endedAt, position, words } = share;
  const users = judged === undefined ? '' : `${judged.percent} % of the users, `;
  const when = endedAt === undefined ? `as of ${clockText(numbers.at)}` : `ended ${clockText(endedAt)}`;
  const mark = position === view.decidedAt ? `  ${paint.yellow('← decided')}` : '';
  return [
    `${paint.bold(share.title)}  ${paint.dim(`${users}${when}`)}${mark}`,
    ...tableLines([
      [`  in ${durationText(numbers.at - numbers.sinceMs)}`, 'requests', 'errors', 'p50', 'p95', 'p99'],
      [`  stable ${view.from ?? ''}`.trimEnd(), ...sideCells(numbers.stable)],
      [`  new ${view.version}`, ...sideCells(numbers.canary)],
    ]),
    `  ${numbers.judgement.verdict}: ${numbers.judgement.sentence}`,
    `  by: ${deciderText(share.decider)}${share.metric === undefined ? '' : ` (${share.metric})`}`,
    ...comparisonLines(share),
    ...(judged?.checks ?? []).flatMap((check) => checkLines(check)),
    ...(words.length === 0 ? [] : ['  rule:', ...words.map((sentence) => paint.dim(`    ${sentence}`))]),
  ];
}

const deciders: Readonly<Record<Decider['by'], string>> = {
  limits: 'the fixed limits',
  comparison: 'the comparison of both sides',
  measurement: 'it could not be measured',
  check: 'check',
};

const deciderText = (decider: Decider): string =>
  decider.by === 'check' ? `check ${decider.check}` : deciders[decider.by];

function comparisonLines({ decider, judged }: JudgedShare): readonly string[] {
  const { advice } = judged ?? {};
  if (advice === undefined || decider.by === 'comparison') return [];
  const metric = advice.metric === undefined ? '' : ` (${advice.metric})`;
  return [`  comparison${metric}: ${advice.verdict}: ${advice.sentence}`];
}

function checkLines({ name, source, effect, dryRun, judgement, last, asks }: CheckView): readonly string[] {
  const latest =
    last === undefined || last.sentence === judgement.sentence ? [] : [`    last: ${last.verdict}: ${last.sentence}`];
  return [
    `  check ${name} (${dryRun ? 'dry run' : effect}, ${source}): ${judgement.verdict}: ${judgement.sentence}`,
    ...latest,
    ...asks.map((query) => `    asked: ${query}`),
  ];
}

function changedLines({ confounders }: ExplanationView, paint: Paint): readonly string[] {
  if (confounders.length === 0) return [];
  return [
    '',
    paint.bold('changed meanwhile, so that a difference may come from it'),
    ...tableLines(confounders.map(({ at, kind, sentence }) => [`  ${clockText(at)}`, kind, sentence])),
  ];
}

function actLines(acts: readonly PersonAct[], paint: Paint): readonly string[] {
  if (acts.length === 0) return [];
  const rows = acts.map((act) => [
    `  ${clockText(act.at)}`,
    shortName(act.by),
    act.action,
    stanceText(act, paint),
    paint.dim(act.sentence),
  ]);
  return ['', paint.bold('people'), ...tableLines(rows)];
}

function stanceText({ toVerdict, toComparison }: PersonAct, paint: Paint): string {
  if (toVerdict === undefined) return '';
  const text = toVerdict === 'open' ? 'without a verdict' : `${toVerdict} the verdict`;
  const compared =
    toComparison === undefined || toComparison === 'open' || toComparison === toVerdict
      ? ''
      : `, ${toComparison} the comparison`;
  return toVerdict === 'against' || compared.startsWith(', against') ? paint.yellow(text + compared) : text + compared;
}
