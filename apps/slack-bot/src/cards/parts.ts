// The parts a deployment's card is made of. Each returns nothing when there is nothing to say.

import type { ApprovalView, DeploymentView, Receipt, StepView } from '@bg/engine';
import { type Block, context, section } from './blocks.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { code, dateTime, duration, join, link, outside, time } from './text.ts';
import { elapsedText } from './users-part.ts';

const signs: Readonly<Record<StepView['status'], string>> = {
  waiting: '◦',
  started: '▸',
  done: '✓',
  failed: '✗',
  skipped: '–',
  undone: '⟲',
};

/** Every step: those of one status that follow one another share a line, so that twelve steps are three or four lines. */
export function stepsPart({ steps }: DeploymentView): Block | undefined {
  if (steps.length === 0) return undefined;
  const runs: StepView[][] = [];
  for (const step of steps.slice(0, 40)) {
    const last = runs.at(-1);
    if (last?.[0]?.status === step.status) last.push(step);
    else runs.push([step]);
  }
  return section(runs.map(runLine).join('\n'));
}

function runLine(run: readonly StepView[]): string {
  const status = run[0]?.status ?? 'waiting';
  const text = run.map(stepText).join(' · ');
  return `${signs[status]} ${status === 'started' || status === 'failed' ? `*${text}*` : text}`;
}

function stepText({ title, status, startedAt, endedAt }: StepView): string {
  const ms = status === 'done' && startedAt !== undefined && endedAt !== undefined ? endedAt - startedAt : 0;
  return `${outside(title, 120)}${ms < 1000 ? '' : ` _${duration(ms)}_`}`;
}

export function approvalPart(view: DeploymentView, formatter: PeopleFormatter): Block | undefined {
  const { approval } = view;
  if (approval?.status !== 'pending') return undefined;
  if (approval.stale)
    return section(
      `⚠️ *Stale, review again.* ${sentenceOf(approval.staleBecause ?? 'the active side or the configuration has changed since this approval was asked for')}: abort, look at the plan, and deploy again.\n${deadline(approval)}`,
    );
  return section(`${asksFor(view, approval, formatter)}${opens(approval)}\n${deadline(approval)}`);
}

const sentenceOf = (text: string): string => outside(text.charAt(0).toUpperCase() + text.slice(1), 300);

type Asked = Pick<ApprovalView, 'approvers' | 'fourEyes' | 'given' | 'needed' | 'missing'>;

/** `Needs 1 approval from bob or carol. Requested by alice, who cannot approve.` */
export function asksFor(
  { requestedBy }: Pick<DeploymentView, 'requestedBy'>,
  asked: Asked,
  formatter: PeopleFormatter,
) {
  const people = asked.approvers.slice(0, 15).map(formatter.person).join(' or ') || 'an approver';
  const eyes = asked.fourEyes ? ', who cannot approve' : '';
  return `*Needs ${needs(asked)}* from ${people}. Requested by ${formatter.actor(requestedBy)}${eyes}.`;
}

/** `1 approval`, `1 more approval`; where some must be of a group: `1 more, of dba`. */
export function needs({ missing = '', needed, given }: Pick<ApprovalView, 'missing' | 'needed' | 'given'>): string {
  if (missing !== '') return missing;
  const left = needed - given.length;
  return `${left}${given.length === 0 ? '' : ' more'} approval${left === 1 ? '' : 's'}`;
}

const opens = ({ opensAt }: ApprovalView): string =>
  opensAt === undefined ? '' : ` No approval counts before ${dateTime(opensAt)}.`;

const atDeadline: Readonly<Record<ApprovalView['onTimeout'], string>> = {
  abort: 'then the deployment is aborted',
  hold: 'then it waits until an approver decides',
  rollback: 'then all users get the release before again',
};

function deadline({ deadlineAt, onTimeout }: ApprovalView): string {
  const then = atDeadline[onTimeout];
  return `Expires ${dateTime(deadlineAt)}, ${then}.`;
}

/** The proof that users reach the release, or what is against it. */
export function receiptPart({ receipt }: DeploymentView): Block | undefined {
  if (receipt === undefined) return undefined;
  const seen = receipt.nodes.map(nodeLine).slice(0, 10).join('\n');
  const weaker = receipt.proof === 'status-code' ? ' (by status code only)' : '';
  const sign = receipt.proved ? '🧾 *Proved through the load balancer*' : '⚠️ *Not proved*';
  return section(`${sign}${weaker} at ${time(receipt.at)} in ${duration(receipt.ms)}\n${seen}`);
}

function nodeLine({ node, probes, seen, problem }: Receipt['nodes'][number]): string {
  const why = problem === undefined ? '' : `: ${outside(problem, 160)}`;
  return `${code(node)} ${seen} of ${probes} answers from the expected side${why}`;
}

export function standbyPart({ kept }: DeploymentView): Block | undefined {
  // A preview belongs to the next deployment, and its card shows it.
  if (kept === undefined || kept.label === 'preview') return undefined;
  const until = kept.until === undefined ? 'until the next deployment' : `until ${dateTime(kept.until)}`;
  const open = kept.open ? ` The engine waits for ${kept.open} open connections there.` : '';
  return section(`♨️ ${code(kept.version, 64)} stays in ${kept.slot} (${outside(kept.label, 40)}) ${until}.${open}`);
}

/** Why it is going back or has ended. */
export function causePart(view: DeploymentView, formatter: PeopleFormatter): Block | undefined {
  const cause = view.outcome ?? view.cause;
  if (cause === undefined) return undefined;
  return section(`*${outside(cause.sentence, 600)}*\nby ${formatter.actor(cause.actor)}`);
}

export function pausedPart({ paused }: DeploymentView, formatter: PeopleFormatter): Block | undefined {
  return (
    paused &&
    section(`⏸️ Paused by ${formatter.actor(paused.by)} at ${time(paused.at)}. Nothing moves until a person resumes it.`)
  );
}

export function warningsPart({ warnings }: Pick<DeploymentView, 'warnings'>): Block | undefined {
  if (warnings.length === 0) return undefined;
  return section(
    warnings
      .slice(0, 5)
      .map((warning) => `⚠️ ${outside(warning, 300)}`)
      .join('\n'),
  );
}

/** What the build says it was made from. */
function originText({ commit, url, author, subject }: NonNullable<DeploymentView['origin']>): string {
  const short = commit.slice(0, 10);
  const named = url === undefined ? code(short) : link(url, short);
  const by = author === undefined ? '' : ` by ${outside(author, 80)}`;
  return `from ${named}${by}${subject === undefined ? '' : ` “${outside(subject, 120)}”`}`;
}

/** Who, why, which: the small print. `webUrl`: address of the web page, where people reach it. */
export function contextPart(view: DeploymentView, formatter: PeopleFormatter, webUrl?: string): Block {
  const approved = view.approvedBy.map((name) => (name.includes(':') ? formatter.actor(name) : formatter.person(name)));
  return context(
    join(
      `${view.mode} into ${view.slot} by ${formatter.actor(view.requestedBy)}`,
      view.reason === undefined ? undefined : `“${outside(view.reason, 300)}”`,
      view.origin && originText(view.origin),
      approved.length > 0 && `approved by ${approved.slice(0, 10).join(', ')}`,
      code(view.id),
      webUrl !== undefined && link(`${webUrl}/deployments/${view.id}`, 'web page'),
      view.outcome === undefined ? undefined : elapsedText(view),
      `asked ${dateTime(view.requestedAt)}`,
    ),
  );
}
