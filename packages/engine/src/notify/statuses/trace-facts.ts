// A deployment that has ended as one trace of OpenTelemetry: a span for the whole, and one for each step that was done or
// undone. The ids come from those of the deployment, so that a trace that is sent twice is one trace.
// The form is OTLP's JSON (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): ids in hex, 64-bit times as text.

import { createHash } from 'node:crypto';
import { eventFor } from '../../domain/audit-actions.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import type { Db } from '../../state/database.ts';
import { type DeploymentRow, readDeployment, readJournal, type StepRow } from '../../state/deployments.ts';
import type { About } from './outgoing.ts';

type Value = { readonly stringValue: string } | { readonly intValue: string };

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Internal. */
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  /** 1: good, 2: an error, with its message. */
  readonly status: { readonly code: 1 } | { readonly code: 2; readonly message: string };
}

export interface TraceFact extends About {
  readonly traceId: string;
  readonly spans: readonly Span[];
}

/** A row that ends a deployment, as its trace; undefined for any other. */
export function traceFact(db: Db, row: AuditRow): TraceFact | undefined {
  const event = eventFor('traces', row);
  const found = event?.deploymentId ? readDeployment(db, event.deploymentId) : undefined;
  if (!found || found.finishedAt === null) return undefined;
  const { id, service, target, version, outcome } = found;
  const traceId = hex(id, 16);
  return {
    at: row.at,
    service,
    target,
    deploymentId: id,
    what: `how ${version} became ${outcome ?? 'finished'} at ${service}/${target}`,
    traceId,
    spans: [
      whole(found, traceId, found.finishedAt),
      ...readJournal(db, id).map((step) => ofStep(found, traceId, step)),
    ],
  };
}

function whole(row: DeploymentRow, traceId: string, finishedAt: number): Span {
  const { id, service, target, mode, version, fromVersion, outcome, cause, slot } = row;
  return {
    traceId,
    spanId: hex(id, 8),
    name: `${mode} ${service}/${target}`,
    kind: 1,
    ...times(row.requestedAt, finishedAt),
    attributes: attributes({
      'deployment.id': id,
      'deployment.name': `${service}/${target} ${version}`,
      'deployment.environment.name': target,
      'deployment.status': outcome === 'promoted' ? 'succeeded' : 'failed',
      'bluegreen.service': service,
      'bluegreen.version': version,
      'bluegreen.from_version': fromVersion ?? undefined,
      'bluegreen.mode': mode,
      'bluegreen.slot': slot,
      'bluegreen.outcome': outcome ?? undefined,
      'bluegreen.plan_hash': row.planHash ?? undefined,
    }),
    status: outcome === 'promoted' ? { code: 1 } : { code: 2, message: cause ?? outcome ?? 'not promoted' },
  };
}

function ofStep(row: DeploymentRow, traceId: string, step: StepRow): Span {
  const { position, direction, name, status, attempts, startedAt, endedAt } = step;
  return {
    traceId,
    spanId: hex(`${row.id} ${position} ${direction}`, 8),
    parentSpanId: hex(row.id, 8),
    name: direction === 'forward' ? name : `undo ${name}`,
    kind: 1,
    // A step that was cut by the end of the deployment has no end of its own.
    ...times(startedAt, endedAt ?? row.finishedAt ?? startedAt),
    attributes: attributes({
      'bluegreen.step': name,
      'bluegreen.position': position,
      'bluegreen.direction': direction,
      'bluegreen.step_status': status,
      'bluegreen.attempts': attempts,
    }),
    status: status === 'failed' ? { code: 2, message: row.cause ?? `${name} failed` } : { code: 1 },
  };
}

function times(from: number, to: number): Pick<Span, 'startTimeUnixNano' | 'endTimeUnixNano'> {
  // By the wall clock, which may have been set back in between.
  return { startTimeUnixNano: `${from}000000`, endTimeUnixNano: `${Math.max(from, to)}000000` };
}

function attributes(given: Readonly<Record<string, string | number | undefined>>): readonly Attribute[] {
  return Object.entries(given).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value } }];
  });
}

const hex = (text: string, bytes: number): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2);
