// One deployment as lines: its steps, both sides' numbers, what it waits for, what may be done.

import {
  type ApprovalView,
  type CheckView,
  type DeploymentView,
  errorsByClient,
  inWords,
  type Observation,
  type StepView,
  shortName,
  type TrendView,
} from '@bg/engine';
import { actionRows } from './actions.ts';
import { dateText, durationText, shareText, timeText } from './amounts.ts';
import type { Light } from './light.ts';
import { outcomeWord } from './outcome.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';
import { trendLines } from './trend.ts';

/** Everything there is to see. */
export function deploymentLines(view: DeploymentView, light: Light, trend?: TrendView): readonly string[] {
  return [
    headline(view, light),
    ...stepLines(view, light),
    ...shareLines(view, light.paint),
    ...(view.observation && !view.outcome ? observationLines(view, view.observation) : []),
    ...(trend === undefined || view.outcome ? [] : trendLines(trend, light, { height: 1 })),
    ...receiptLines(view, light.paint),
    ...view.warnings.map((warning) => `  ${light.paint.yellow('!')} ${warning}`),
    ...endLines(view, light),
    ...nextLines(view, light.paint),
  ];
}

function headline(view: DeploymentView, { now, paint }: Light): string {
  const change = view.from ? `${view.from.version} → ${view.version}` : view.version;
  const asked = `${view.mode} ${view.id}, asked by ${shortName(view.requestedBy)}`;
  const from = view.origin === undefined ? '' : `, from ${view.origin.commit.slice(0, 10)}`;
  const took = durationText((view.outcome?.at ?? now) - view.requestedAt);
  const reason = view.reason === undefined ? '' : `, "${view.reason}"`;
  return `${paint.bold(`${view.name}  ${change}`)}  ${paint.dim(`${asked} ${timeText(view.requestedAt, now)}${reason}${from}, ${took}`)}`;
}

function stepLines(view: DeploymentView, light: Light): readonly string[] {
  const lines = tableLines(
    view.steps.map((step) => [`  ${stepSign(step, light.paint)} ${step.title}`, stepNote(step, light)]),
  );
  const fetching = view.phase === 'fetching' ? [`  ${light.paint.cyan('▶')} fetch and check ${view.version}`] : [];
  return [...fetching, ...lines];
}

function stepSign({ status }: StepView, paint: Paint): string {
  switch (status) {
    case 'done':
      return paint.green('✓');
    case 'started':
      return paint.cyan('▶');
    case 'failed':
      return paint.red('✗');
    case 'undone':
      return paint.yellow('↩');
    case 'skipped':
      return paint.dim('–');
    case 'waiting':
      return paint.dim('·');
    default:
      return status satisfies never;
  }
}

function stepNote({ status, startedAt, endedAt }: StepView, { now, paint }: Light): string {
  const word = status === 'failed' || status === 'undone' || status === 'skipped' ? `${status} ` : '';
  if (startedAt === undefined || status === 'waiting') return word.trim();
  return paint.dim(`${word}${durationText((endedAt ?? now) - startedAt)}`);
}

const barWidth = 20;

function shareLines({ percent, version, from, outcome }: DeploymentView, paint: Paint): readonly string[] {
  if (outcome || from === undefined) return [];
  const filled = Math.round((percent / 100) * barWidth);
  const bar = `${'█'.repeat(filled)}${paint.dim('░'.repeat(barWidth - filled))}`;
  return [`  users  ${bar}  ${percent} % on ${version}, ${100 - percent} % on ${from.version}`];
}

function observationLines(
  view: DeploymentView,
  { stable, canary, judgement, advice, checks = [], at, sinceMs }: Observation,
): readonly string[] {
  const row = (side: string, counts: Observation['stable']) => [
    `  ${side}`,
    String(counts.requests),
    counts.requests === 0 ? '–' : `${shareText(counts.errors / counts.requests)}${byClients(counts)}`,
    ...[counts.p50Ms, counts.p95Ms, counts.p99Ms].map((ms) => (counts.requests === 0 ? '–' : `${Math.round(ms)} ms`)),
    String(counts.open),
  ];
  const table = tableLines([
    [`  in ${durationText(at - sinceMs)}`, 'requests', 'errors', 'p50', 'p95', 'p99', 'open'],
    row(`stable ${view.from?.version ?? ''}`.trimEnd(), stable),
    row(`new ${view.version}`, canary),
  ]);
  const versions = { version: view.version, from: view.from?.version };
  const compared = advice === undefined || advice.sentence === judgement.sentence ? [] : [advice];
  return [
    ...table,
    `  ${judgement.verdict}: ${inWords(judgement, versions)}`,
    ...compared.map((one) => `  comparison: ${one.verdict}: ${inWords(one, versions)}`),
    ...checks.map(checkLine),
  ];
}

/** The last answer too, where it does not count yet. */
function checkLine({ name, effect, dryRun, judgement, last, asks }: CheckView): string {
  const now =
    last === undefined || last.verdict === judgement.verdict ? '' : `; last: ${last.verdict}: ${last.sentence}`;
  const kind = dryRun ? 'dry run' : effect;
  const asked = judgement.verdict === 'Error' && asks.length > 0 ? ` (asked: ${asks.join(' | ')})` : '';
  return `  check ${name} (${kind}): ${judgement.verdict}: ${judgement.sentence}${now}${asked}`;
}

/** What the judge counts, where clients repeat their errors. */
function byClients(counts: Observation['stable']): string {
  const counted = errorsByClient(counts);
  return counted === counts.errors ? '' : ` (${counts.errors}, ${counted} by clients)`;
}

function receiptLines({ receipt }: DeploymentView, paint: Paint): readonly string[] {
  if (!receipt) return [];
  const seen = receipt.nodes.reduce((sum, node) => sum + node.seen, 0);
  const probes = receipt.nodes.reduce((sum, node) => sum + node.probes, 0);
  const proof = receipt.proof === 'fields' ? '' : ', by status code only';
  const sentence = `${seen} of ${probes} probes through the load balancer saw ${receipt.expected.version}${proof}`;
  const problems = receipt.nodes.flatMap(({ node, problem }) =>
    problem === undefined ? [] : [`    ${node}: ${problem}`],
  );
  return [`  ${receipt.proved ? paint.green('proved') : paint.red('not proved')}: ${sentence}`, ...problems];
}

function endLines(view: DeploymentView, light: Light): readonly string[] {
  const { paint, now } = light;
  if (view.outcome) return [`${outcomeWord(view.outcome, paint)}: ${view.outcome.sentence}`, ...keptLines(view, now)];
  const lines: string[] = [];
  if (view.cause) lines.push(`  ${paint.yellow('going back')}: ${view.cause.sentence}`);
  if (view.paused)
    lines.push(`  ${paint.yellow('paused')} by ${shortName(view.paused.by)} since ${timeText(view.paused.at, now)}`);
  if (view.approval?.status === 'pending') lines.push(`  ${approvalSentence(view.approval, light)}`);
  else if (view.waitsFor === 'people') lines.push(`  ${paint.yellow('held')}: it goes on when a person promotes it`);
  return lines;
}

function keptLines({ kept }: DeploymentView, now: number): readonly string[] {
  if (!kept) return [];
  const until = kept.until === undefined ? 'until the next deployment' : `until ${timeText(kept.until, now)}`;
  return [`  ${kept.slot} keeps ${kept.version} running ${until} (${kept.label})`];
}

const atDeadline: Readonly<Record<ApprovalView['onTimeout'], string>> = {
  abort: 'it is aborted',
  hold: 'it stays as it is',
  rollback: 'all users get the release before again',
};

function approvalSentence(
  { needed, given, approvers, deadlineAt, onTimeout, stale, opensAt, missing = '', staleBecause }: ApprovalView,
  { now, paint }: Light,
): string {
  const who = approvers.length === 0 ? 'an approver' : approvers.join(', ');
  const then = atDeadline[onTimeout];
  const opens = opensAt === undefined || opensAt <= now ? '' : `, not before ${timeText(opensAt, now)}`;
  if (stale)
    return paint.red(
      `stale, review again: ${staleBecause ?? 'the active side or the configuration has changed'}; abort, and deploy again`,
    );
  return `${paint.yellow('waits for approval')}: ${given.length} of ${needed} given${missing === '' ? '' : `, missing: ${missing}`}, by ${who}${opens}; after ${timeText(deadlineAt, now)} ${then}`;
}

function nextLines(view: DeploymentView, paint: Paint): readonly string[] {
  return tableLines(
    actionRows(view).map(([command = '', effect = '']) => [`    ${paint.cyan(command)}`, paint.dim(effect)]),
  );
}

/** A list of deployments, newest first, one row each. */
export function historyLines(views: readonly DeploymentView[], { paint, now }: Light): readonly string[] {
  return tableLines(
    views.map((view) => [
      view.id,
      dateText(view.requestedAt),
      view.mode,
      view.from ? `${view.from.version} → ${view.version}` : view.version,
      view.outcome ? outcomeWord(view.outcome, paint) : paint.cyan(`▶ ${view.phase}`),
      durationText((view.outcome?.at ?? now) - view.requestedAt),
      shortName(view.requestedBy),
      view.outcome?.sentence ?? '',
    ]),
  );
}
