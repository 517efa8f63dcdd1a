// Whom a fact concerns, by what is known of its deployment, its target and its build.

import type { DeploymentView } from '../../api/deployment.ts';
import type { MailSettings } from '../../config/notify/settings.ts';
import type { TargetSettings } from '../../config/settings.ts';
import { personOf } from '../../domain/actor.ts';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { buildOf } from '../../state/builds.ts';
import type { Fact } from './facts.ts';
import type { MailParts } from './payload.ts';
import type { Concerned } from './recipients.ts';

export interface News {
  readonly row: AuditRow;
  readonly fact: Fact;
  readonly view: DeploymentView | undefined;
  readonly targets: readonly TargetSettings[];
}

export function concernedBy(parts: MailParts, { authorDomains }: MailSettings, news: News): Concerned {
  const { row, fact, view, targets } = news;
  const about = view ?? lastFailed(parts, fact);
  const isRollback = about?.mode === 'rollback';
  // A rollback is a separate deployment; it concerns most those who asked for, or wrote, what it takes away.
  const version = isRollback ? about.from?.version : about?.version;
  const lost = isRollback ? lastWith(parts, about, version) : undefined;
  const isGivenUp = fact.name === 'failed' && view?.outcome?.kind === 'aborted';
  return {
    people: parts.engine.settings.people,
    authorDomains,
    targets,
    requesters: [about, lost].flatMap((one) => personOf(one?.requestedBy ?? '') ?? []),
    authors: fact.target === undefined ? authorsIn(row) : authorsOf(parts, fact, version),
    approvers: approversOf(fact, view, targets),
    by: isGivenUp || fact.name === 'break-glass' ? personOf(row.actor) : undefined,
  };
}

function authorsIn(row: AuditRow): Concerned['authors'] {
  const event = eventFor('mail', row);
  switch (event?.action) {
    case 'build-failed':
    case 'build-mended':
      return event.detail.authors ?? [];
    case undefined:
    case 'approval-asked':
    case 'approval-reminder':
    case 'glass-broken':
    case 'deployment-finished':
    case 'side-restored':
      return [];
    default:
      return event satisfies never;
  }
}

function authorsOf({ store }: MailParts, { service }: Fact, version: string | undefined): Concerned['authors'] {
  return (version === undefined ? undefined : buildOf(store.db, service, version)?.authors) ?? [];
}

/** Rows about a side name no deployment: the last one that left a side behind counts. */
function lastFailed({ engine }: MailParts, { service, target }: Fact): DeploymentView | undefined {
  if (target === undefined) return undefined;
  const recent = engine.history({ service, target }, 10);
  const left = ['failed', 'aborted', 'rolled-back'];
  return recent.ok
    ? recent.value.find(({ mode, outcome }) => outcome && (mode === 'rollback' || left.includes(outcome.kind)))
    : undefined;
}

function lastWith({ engine }: MailParts, { service, target }: DeploymentView, version: string | undefined) {
  const recent = engine.history({ service, target }, 20);
  if (!recent.ok || version === undefined) return undefined;
  return recent.value.find((one) => one.version === version && one.outcome?.kind === 'promoted');
}

/** Excludes those who have voted already and, with four eyes, those who asked for it or wrote it. */
function approversOf({ name }: Fact, view: DeploymentView | undefined, targets: readonly TargetSettings[]) {
  const approval = view?.approval;
  if (name !== 'awaiting-approval' || approval === undefined) return targets.flatMap((one) => one.approval.approvers);
  const barred = approval.fourEyes ? [personOf(view?.requestedBy ?? ''), ...approval.writers] : [];
  return approval.approvers.filter((id) => !barred.includes(id) && !approval.given.includes(id));
}
