// What changed between two views of a deployment, one line each: for output that is no terminal, so cannot be redrawn.

import { type DeploymentView, type StepView, shortName } from '@bg/engine';
import { durationText } from '../show/amounts.ts';

/** `before` is undefined at the first view: then everything that already happened is reported. */
export function changesBetween(before: DeploymentView | undefined, after: DeploymentView): readonly string[] {
  return [
    ...(before ? [] : [opening(after)]),
    ...after.steps.flatMap((step) =>
      stepChange(
        before?.steps.find((old) => old.position === step.position),
        step,
      ),
    ),
    ...causeChange(before, after),
    ...pauseChange(before, after),
    ...approvalChange(before, after),
    ...verdictChange(before, after),
    ...receiptChange(before, after),
    ...(after.outcome && !before?.outcome ? [`${after.outcome.kind}: ${after.outcome.sentence}`] : []),
  ];
}

function opening({ name, mode, version, from, id, requestedBy }: DeploymentView): string {
  const change = from ? `${from.version} → ${version}` : version;
  return `${name}: ${mode} ${change} (${id}), asked by ${shortName(requestedBy)}`;
}

function stepChange(before: StepView | undefined, { status, title, startedAt, endedAt }: StepView): readonly string[] {
  if (before?.status === status || status === 'waiting') return [];
  const took = startedAt === undefined || endedAt === undefined ? '' : ` (${durationText(endedAt - startedAt)})`;
  switch (status) {
    case 'started':
      return [`▶ ${title}`];
    case 'done':
      return [`✓ ${title}${took}`];
    case 'failed':
      return [`✗ ${title}${took}`];
    case 'undone':
      return [`↩ undone: ${title}`];
    case 'skipped':
      return [`– skipped: ${title}`];
    default:
      return status satisfies never;
  }
}

function causeChange(before: DeploymentView | undefined, { cause, direction }: DeploymentView): readonly string[] {
  return cause && direction === 'unwinding' && cause.sentence !== before?.cause?.sentence
    ? [`going back: ${cause.sentence}`]
    : [];
}

function pauseChange(before: DeploymentView | undefined, { paused, outcome }: DeploymentView): readonly string[] {
  if (paused && !before?.paused) return [`paused by ${shortName(paused.by)}`];
  return !paused && before?.paused && !outcome ? ['resumed'] : [];
}

function approvalChange(before: DeploymentView | undefined, { id, approval }: DeploymentView): readonly string[] {
  if (!approval) return [];
  const old = before?.approval?.id === approval.id ? before.approval : undefined;
  const { missing = '' } = approval;
  if (old?.status === approval.status && old.given.length === approval.given.length && (old.missing ?? '') === missing)
    return [];
  if (approval.status === 'pending')
    return [
      `waits for approval, ${approval.given.length} of ${approval.needed} given${missing === '' ? '' : `, missing: ${missing}`}: bg approve ${id}`,
    ];
  const by = approval.decidedBy === undefined ? '' : ` by ${shortName(approval.decidedBy)}`;
  return [`approval ${approval.status}${by}${approval.reason === undefined ? '' : `: ${approval.reason}`}`];
}

function verdictChange(before: DeploymentView | undefined, { observation }: DeploymentView): readonly string[] {
  if (!observation || observation.judgement.verdict === before?.observation?.judgement.verdict) return [];
  return [`${observation.judgement.verdict}: ${observation.judgement.sentence}`];
}

function receiptChange(before: DeploymentView | undefined, { receipt }: DeploymentView): readonly string[] {
  if (!receipt || receipt.at === before?.receipt?.at) return [];
  const seen = receipt.nodes.reduce((sum, node) => sum + node.seen, 0);
  return [
    `${receipt.proved ? 'proved' : 'not proved'}: ${seen} probes through the load balancer saw ${receipt.expected.version}`,
  ];
}
