// A deployment looked back on, as lines for people.

import {
  failedRequestText,
  type Receipt,
  type SideNumbers,
  shortName,
  type TimelineStep,
  type TimelineView,
} from '@bg/engine';
import { clockText, dateText, durationText, shareText, timeText } from './amounts.ts';
import type { Light } from './light.ts';
import { outcomeWord } from './outcome.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';
import { trendLines } from './trend.ts';

/** `all`: every row of the audit log too. */
export function timelineLines(view: TimelineView, light: Light, { all = false } = {}): readonly string[] {
  return [
    ...headLines(view, light),
    ...part('steps', stepLines(view, light), light.paint),
    ...part('waited for people', waitLines(view, light), light.paint),
    ...part('approvals', approvalLines(view, light), light.paint),
    ...part(`users on ${view.version}`, shareLines(view), light.paint),
    ...part('what both sides answered', numberLines(view), light.paint),
    ...part('over time', view.trend ? trendLines(view.trend, light, { height: 3 }) : [], light.paint),
    ...part('changed while users were on both sides', markLines(view), light.paint),
    ...part('proofs', receiptLines(view, light.paint), light.paint),
    ...part('refused meanwhile', refusalLines(view), light.paint),
    ...part(`first requests that failed on ${view.version}`, failingLines(view), light.paint),
    ...logLines(view, light.paint),
    ...(all ? part('rows of the audit log', rowLines(view, light.paint), light.paint) : []),
    ...view.remarks.map((remark) => `${light.paint.yellow('!')} ${remark}`),
  ];
}

function part(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : ['', paint.bold(title), ...lines];
}

function headLines(view: TimelineView, { now, paint }: Light): readonly string[] {
  const change = view.from === undefined ? view.version : `${view.from} → ${view.version}`;
  const commit = view.commit === undefined ? '' : `, commit ${view.commit.slice(0, 10)}`;
  const reason = view.reason === undefined ? '' : `, "${view.reason}"`;
  const { totalMs, waitedMs, machineMs } = view.duration;
  const took =
    waitedMs === 0
      ? durationText(totalMs)
      : `${durationText(totalMs)}: people ${durationText(waitedMs)}, machine ${durationText(machineMs)}`;
  return [
    `${paint.bold(`${view.name}  ${change}`)}  ${paint.dim(`${view.mode} ${view.id} in ${view.slot}`)}`,
    `asked by ${shortName(view.requestedBy)} ${dateText(view.askedAt)}${reason}${commit}`,
    view.outcome
      ? `${outcomeWord(view.outcome, paint)} ${timeText(view.outcome.at, view.askedAt)} (${view.outcome.code}): ${view.outcome.sentence}`
      : paint.cyan(`▶ not finished at ${timeText(now, view.askedAt)}`),
    `took ${took}`,
  ];
}

const signs: Readonly<Record<TimelineStep['status'], string>> = { started: '▶', done: '✓', failed: '✗', skipped: '–' };

function stepLines({ steps }: TimelineView, { paint }: Light): readonly string[] {
  return tableLines(
    steps.map((step) => [
      `  ${clockText(step.startedAt)}`,
      `${step.direction === 'unwinding' ? '↩' : signs[step.status]} ${step.direction === 'unwinding' ? `undo: ${step.title}` : step.title}`,
      step.status === 'skipped' ? 'skipped' : `${step.measuredBy === 'wall' ? '~' : ''}${durationText(step.ms)}`,
      step.waitedMs === 0 ? '' : `people ${durationText(step.waitedMs)}`,
      paint.dim(`${step.attempts > 1 ? `begun ${step.attempts} times; ` : ''}${step.sentence}`),
    ]),
  );
}

function waitLines({ waits }: TimelineView, { paint }: Light): readonly string[] {
  return tableLines(
    waits.map(({ kind, from, to, ms, sentence }) => [
      `  ${clockText(from)}`,
      kind,
      `${durationText(ms)}${to === undefined ? ' so far' : ''}`,
      paint.dim(sentence),
    ]),
  );
}

function approvalLines({ approvals }: TimelineView, { paint }: Light): readonly string[] {
  return approvals.flatMap(({ askedAt, needed, decisions }) => [
    `  ${clockText(askedAt)}  asked for ${needed === 1 ? 'one approval' : `${needed} approvals`}`,
    ...decisions.map(({ at, by, kind, sentence }) => {
      const word = kind === 'break-glass' || kind === 'rejected' || kind === 'expired' ? paint.red(kind) : kind;
      return `  ${clockText(at)}  ${word} by ${shortName(by)}: ${sentence}`;
    }),
  ]);
}

function shareLines({ shares }: TimelineView): readonly string[] {
  return tableLines(
    shares.map(({ percent, from, to }) => [`  ${clockText(from)}`, `${percent} %`, `for ${durationText(to - from)}`]),
  );
}

function numberLines({ steps, version, from }: TimelineView): readonly string[] {
  const measured = steps.flatMap(({ title, numbers }) => (numbers === undefined ? [] : [{ title, numbers }]));
  if (measured.length === 0) return [];
  return [
    ...tableLines([
      ['  ', '', 'requests', 'errors', 'p50', 'p95', 'p99'],
      ...measured.flatMap(({ title, numbers }) => [
        [`  ${title}`, `stable ${from ?? ''}`.trimEnd(), ...sideCells(numbers.stable)],
        ['', `new ${version}`, ...sideCells(numbers.canary)],
      ]),
    ]),
    ...measured.map(({ title, numbers: { judgement } }) => `  ${title}: ${judgement.verdict}: ${judgement.sentence}`),
  ];
}

export function sideCells({ requests, errors, p50Ms, p95Ms, p99Ms }: SideNumbers): readonly string[] {
  const share = requests === 0 ? '' : ` (${shareText(errors / requests)})`;
  return [
    String(requests),
    `${errors}${share}`,
    ...[p50Ms, p95Ms, p99Ms].map((ms) => (requests === 0 ? '–' : `${Math.round(ms)} ms`)),
  ];
}

function receiptLines({ steps, routings }: TimelineView, paint: Paint): readonly string[] {
  return [
    ...tableLines(
      routings.map(({ at, generation, sentence }) => [
        `  ${clockText(at)}`,
        `generation ${generation ?? '?'}`,
        sentence,
      ]),
    ),
    ...routings.flatMap(({ silent }) => silent.map((node) => `    ${paint.yellow('not waited for')} ${node}`)),
    ...steps.flatMap(({ receipt }) => (receipt === undefined ? [] : proofLines(receipt, paint))),
  ];
}

function proofLines({ at, generation, expected, nodes, leftOut = [], proved, ms, proof }: Receipt, paint: Paint) {
  const weaker = proof === 'fields' ? '' : ', by status code only';
  return [
    `  ${clockText(at)}  ${proved ? paint.green('proved') : paint.red('not proved')}: generation ${generation}, ${expected.version} in ${expected.slot}, in ${ms} ms${weaker}`,
    ...nodes.map(
      ({ node, probes, seen, problem }) =>
        `    ${node}: ${seen} of ${probes} probes saw it${problem === undefined ? '' : `; ${problem}`}`,
    ),
    ...leftOut.map(({ node, problem }) => `    ${node}: left out, ${problem}`),
  ];
}

function refusalLines({ refusals }: TimelineView): readonly string[] {
  return refusals.map(
    ({ at, actor, code, sentence }) => `  ${clockText(at)}  ${shortName(actor)} (${code ?? ''}): ${sentence}`,
  );
}

const markLines = ({ trend }: TimelineView): readonly string[] =>
  tableLines((trend?.marks ?? []).map(({ at, kind, sentence }) => [`  ${clockText(at)}`, kind, sentence]));

function failingLines({ failing = [], failingProblem }: TimelineView): readonly string[] {
  return [
    ...failing.map((request) => `  ${clockText(request.at)}  ${failedRequestText(request)}`),
    ...(failingProblem === undefined ? [] : [`  they could not be listed: ${failingProblem}`]),
  ];
}

function logLines({ steps, entries, version, slot }: TimelineView, paint: Paint): readonly string[] {
  const quote = (lines: readonly string[]) => lines.map((line) => `  | ${line}`);
  return [
    ...steps.flatMap(({ title, log }) =>
      log.length === 0 ? [] : part(`last lines of ${version} in ${slot} when "${title}" failed`, quote(log), paint),
    ),
    ...entries.flatMap(({ at, sentence, log }) =>
      log.length === 0 ? [] : part(`last lines at ${clockText(at)}: ${sentence}`, quote(log), paint),
    ),
  ];
}

function rowLines({ entries }: TimelineView, paint: Paint): readonly string[] {
  return tableLines(
    entries.map(({ seq, at, actor, action, code, sentence }) => [
      `  ${seq}`,
      clockText(at),
      shortName(actor),
      code === undefined ? action : `${action} (${code})`,
      paint.dim(sentence),
    ]),
  );
}
