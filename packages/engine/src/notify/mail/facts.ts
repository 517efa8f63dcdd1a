// Which rows of the audit log are worth a mail, and what it says. Pure: a row and what is known of it in, a fact out.

import type { DeploymentView } from '../../api/deployment.ts';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRead, AuditRow } from '../../domain/audit-events.ts';
import type { OutcomeKind } from '../../domain/deployment.ts';
import type { MailFact } from '../../domain/notices.ts';
import { clockTime } from '../../domain/times.ts';
import { oneLine, webLink } from '../text.ts';

/** What a mail reports, as plain text of one line each. */
export interface Fact {
  readonly name: MailFact;
  /** Of the audit row. */
  readonly seq: number;
  readonly at: number;
  readonly service: string;
  /** Undefined where it is about the whole service. */
  readonly target: string | undefined;
  readonly deploymentId: string | undefined;
  readonly headline: string;
  readonly sentence: string;
  readonly details: readonly Detail[];
  /** Of the run that built it. */
  readonly buildUrl: string | undefined;
}

export interface Detail {
  readonly label: string;
  readonly value: string;
}

/** What is known in addition to the row itself. */
export interface Known {
  /** Of the row's deployment. */
  readonly view: DeploymentView | undefined;
  /** `shop`, or `shop/staging`. */
  readonly place: string;
  /** `person:alice` → `Alice Adams`. */
  readonly nameOf: (actor: string) => string;
}

export function factOf(row: AuditRow, known: Known): Fact | undefined {
  const event = eventFor('mail', row);
  if (row.service === null || event === undefined) return undefined;
  switch (event.action) {
    case 'build-failed':
      return buildFact(event, known, 'build-broken');
    case 'build-mended':
      return buildFact(event, known, 'build-fixed');
    case 'approval-asked':
    case 'approval-reminder':
      return deploymentFact(row, known, 'awaiting-approval');
    case 'glass-broken':
      return deploymentFact(row, known, 'break-glass');
    case 'deployment-finished': {
      const name = event.detail.outcome && endings[event.detail.outcome];
      return name && deploymentFact(row, known, name === 'live' && row.code === 'rollback' ? 'rolled-back' : name);
    }
    case 'side-restored': {
      const { version } = event.detail;
      return {
        ...common(row, 'side-restored'),
        headline: `${known.place}: the failed side is back${version === undefined ? '' : ` on ${oneLine(version, 64)}`}`,
        details: [],
        buildUrl: undefined,
      };
    }
    default:
      return event satisfies never;
  }
}

/** Superseded and cancelled ones were never tried: the person who did that knows. */
const endings: Readonly<Record<OutcomeKind, MailFact | undefined>> = {
  promoted: 'live',
  'rolled-back': 'rolled-back',
  failed: 'failed',
  aborted: 'failed',
  halted: 'halted',
  superseded: undefined,
  cancelled: undefined,
};

function buildFact(
  row: AuditRead<'build-failed' | 'build-mended'>,
  { place }: Known,
  name: 'build-broken' | 'build-fixed',
): Fact {
  const { repository, branch, commit, subject, url, authors, version } = row.detail;
  const by = (authors ?? []).map((author) => author.name ?? author.login ?? author.email ?? 'somebody').join(', ');
  return {
    ...common(row, name),
    headline: `${place}: the build ${name === 'build-broken' ? 'is broken' : 'is fixed'}${branch === undefined ? '' : ` on ${oneLine(branch, 100)}`}`,
    details: listed([
      ['Repository', repository],
      ['Branch', branch],
      ['Version', version],
      ['Commit', commit?.slice(0, 12)],
      ['Subject', subject],
      ['Authors', by],
    ]),
    buildUrl: webLink(url),
  };
}

function deploymentFact(row: AuditRow, { view, place, nameOf }: Known, name: MailFact): Fact | undefined {
  if (view === undefined) return undefined;
  const { approval, origin, from } = view;
  const deadline = name === 'awaiting-approval' && approval?.status === 'pending' ? approval.deadlineAt : undefined;
  return {
    ...common(row, name),
    headline: `${place}: ${headlineOf(name, view)}`,
    details: listed([
      ['Version', view.version],
      ['Before', from?.version],
      ['Requested by', nameOf(view.requestedBy)],
      ['Approved alone by', name === 'break-glass' ? nameOf(row.actor) : undefined],
      ['Reason', view.reason],
      ['Decide before', deadline === undefined ? undefined : clockTime(deadline)],
      ['Commit', origin?.commit.slice(0, 12)],
      ['Subject', origin?.subject],
      ['Audit head', row.action === 'deployment-finished' ? `${row.seq}:${row.hash}` : undefined],
    ]),
    buildUrl: webLink(origin?.url),
  };
}

function headlineOf(name: MailFact, { version, from, mode, outcome }: DeploymentView): string {
  switch (name) {
    case 'awaiting-approval':
      return `${version} waits for approval`;
    case 'break-glass':
      return `${version} was approved by one person alone in an emergency`;
    case 'live':
      return `${version} is live`;
    case 'rolled-back':
      return mode === 'rollback'
        ? `rolled back from ${from?.version ?? 'what was live'} to ${version}`
        : `${version} was rolled back${from === undefined ? '' : ` to ${from.version}`}`;
    case 'failed':
      return outcome?.kind === 'aborted' ? `${version} was given up` : `${version} failed`;
    case 'halted':
      return `${version} halted and needs a person`;
    case 'build-broken':
    case 'build-fixed':
    case 'side-restored':
      return version;
    default:
      return name satisfies never;
  }
}

function common({ seq, at, service, target, deploymentId, sentence }: AuditRow, name: MailFact) {
  return {
    name,
    seq,
    at,
    service: service ?? '',
    target: target ?? undefined,
    deploymentId: deploymentId ?? undefined,
    sentence: oneLine(sentence, 1_000),
  };
}

const listed = (pairs: readonly (readonly [label: string, value: string | undefined | null])[]): readonly Detail[] =>
  pairs.flatMap(([label, value]) => (value ? [{ label, value: oneLine(value, 300) }] : []));
