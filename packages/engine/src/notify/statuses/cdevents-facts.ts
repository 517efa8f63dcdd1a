// A row of the audit log as CDEvents 0.5.1 (cdevents.dev): what users have now, and how the deployment ended. An event
// always has the same id, so that a receiver recognizes one that arrives twice.

import { createHash } from 'node:crypto';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRead, AuditRow } from '../../domain/audit-events.ts';
import type { OutcomeKind } from '../../domain/deployment.ts';
import { buildOf } from '../../state/builds.ts';
import type { Db } from '../../state/database.ts';
import { type DeploymentRow, readDeployment } from '../../state/deployments.ts';
import type { About } from './outgoing.ts';
import { purlOf } from './purl.ts';

/** Field names are those of the specification. */
export interface CdEvent {
  readonly context: {
    readonly specversion: '0.5.1';
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly timestamp: string;
    readonly chainId?: string;
  };
  readonly subject: {
    readonly id: string;
    readonly source: string;
    readonly content: Readonly<Record<string, unknown>>;
  };
  readonly customData?: Readonly<Record<string, unknown>>;
  readonly customDataContentType?: 'application/json';
}

export interface EventFact extends About {
  readonly event: CdEvent;
}

interface Notifying {
  readonly db: Db;
  /** Of every event. */
  readonly source: string;
  /** Targets that serve a release, for when all of them are taken down. */
  readonly serving: () => readonly { readonly service: string; readonly target: string }[];
}

export function eventFacts(notifying: Notifying, row: AuditRow): readonly EventFact[] {
  const event = eventFor('cdevents', row);
  switch (event?.action) {
    case undefined:
      return [];
    case 'dismantled':
      return notifying.serving().map(({ service, target }) => removed(notifying, row, { service, target }));
    case 'deployment-finished':
      return endFacts(notifying, event);
    default:
      return event satisfies never;
  }
}

function endFacts(notifying: Notifying, row: AuditRead<'deployment-finished'>): readonly EventFact[] {
  const found = row.deploymentId === null ? undefined : readDeployment(notifying.db, row.deploymentId);
  const { outcome } = row.detail;
  if (!found || outcome === undefined) return [];
  const live = liveEvent(found, outcome);
  return [
    ...(live === undefined ? [] : [serviceEvent(notifying, row, found, live)]),
    finished(notifying, row, found, outcome),
  ];
}

interface Live {
  readonly what: 'deployed' | 'upgraded' | 'rolledback';
  readonly version: string;
}

/** Pure: what users have now that they had not before; undefined when nothing has changed for them. */
export function liveEvent(
  { mode, version, fromVersion }: Pick<DeploymentRow, 'mode' | 'version' | 'fromVersion'>,
  outcome: OutcomeKind,
): Live | undefined {
  if (outcome === 'rolled-back') return fromVersion === null ? undefined : { what: 'rolledback', version: fromVersion };
  if (outcome !== 'promoted') return undefined;
  if (mode === 'rollback') return { what: 'rolledback', version };
  return { what: fromVersion === null || fromVersion === version ? 'deployed' : 'upgraded', version };
}

const outcomeOf: Readonly<Record<OutcomeKind, 'success' | 'failure' | 'cancel' | 'error'>> = {
  promoted: 'success',
  'rolled-back': 'failure',
  failed: 'failure',
  aborted: 'cancel',
  cancelled: 'cancel',
  superseded: 'cancel',
  halted: 'error',
};

function serviceEvent(notifying: Notifying, row: AuditRow, found: DeploymentRow, { what, version }: Live): EventFact {
  const { service, target } = found;
  const artifact = buildOf(notifying.db, service, version)?.artifact;
  return factOf(notifying, row, {
    type: `dev.cdevents.service.${what}.0.3.0`,
    id: `${found.id}.${what}`,
    subject: service,
    content: {
      environment: { id: target, source: notifying.source },
      artifactId: purlOf({ service, version, artifact }),
    },
    found,
    place: { service, target },
  });
}

/** Every deployment is a run, so that failed ones, which change nothing for users, are reported too. */
function finished(notifying: Notifying, row: AuditRow, found: DeploymentRow, outcome: OutcomeKind): EventFact {
  const { service, target } = found;
  return factOf(notifying, row, {
    type: 'dev.cdevents.pipelinerun.finished.0.3.0',
    id: `${found.id}.finished`,
    subject: found.id,
    content: {
      pipelineName: `${service}/${target}`,
      outcome: outcomeOf[outcome],
      ...(outcome === 'promoted' ? {} : { errors: row.sentence }),
    },
    found,
    place: { service, target },
  });
}

function removed(notifying: Notifying, row: AuditRow, place: { readonly service: string; readonly target: string }) {
  return factOf(notifying, row, {
    type: 'dev.cdevents.service.removed.0.3.0',
    // No deployment did it: the row itself distinguishes this time from another.
    id: `${place.service}.${place.target}.removed.${row.hash.slice(0, 16)}`,
    subject: place.service,
    content: { environment: { id: place.target, source: notifying.source } },
    place,
  });
}

interface Parts {
  readonly type: string;
  readonly id: string;
  readonly subject: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly found?: DeploymentRow;
  readonly place: { readonly service: string; readonly target: string };
}

function factOf({ source }: Notifying, row: AuditRow, { type, id, subject, content, found, place }: Parts): EventFact {
  return {
    ...place,
    at: row.at,
    deploymentId: found?.id,
    what: `of ${type} for ${place.service}/${place.target}`,
    event: {
      context: {
        specversion: '0.5.1',
        id,
        source,
        type,
        timestamp: new Date(row.at).toISOString(),
        ...(found ? { chainId: chainOf(source, found.id) } : {}),
      },
      subject: { id: subject, source, content },
      ...(found ? { customData: detailOf(row, found), customDataContentType: 'application/json' } : {}),
    },
  };
}

function detailOf({ detail, code, sentence }: AuditRow, { id, version, fromVersion, mode }: DeploymentRow) {
  return { deployment: id, version, from: fromVersion, mode, outcome: detail.outcome, code, sentence };
}

/** All events of one deployment are one chain, whose id has the form of a UUID. */
function chainOf(source: string, deploymentId: string): string {
  const hex = createHash('sha256').update(`${source}\n${deploymentId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
