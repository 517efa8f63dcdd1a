// What is said of migrations, to people.

import type { ReasonCode } from '../../domain/reasons.ts';
import { forHowLong } from '../../domain/times.ts';
import { messageOf } from '../../lib/errors.ts';
import { MigrationError, type MigrationErrorCode } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';

/** What happened, and what a person can do about it. */
export function migrationSentence(thrown: unknown): string {
  const hint = thrown instanceof MigrationError && thrown.hint ? ` (${thrown.hint})` : '';
  return `${messageOf(thrown)}${hint}`;
}

const reasons = {
  'files-invalid': 'schema-files-invalid',
  hazard: 'schema-hazard',
  edited: 'schema-edited',
  drift: 'schema-drift',
  dirty: 'schema-dirty',
  locked: 'schema-locked',
  blocked: 'schema-blocked',
  failed: 'schema-failed',
  denied: 'schema-denied',
  unreachable: 'schema-unreachable',
  'not-allowed': 'schema-not-allowed',
  stopped: 'schema-stopped',
} as const satisfies Readonly<Record<MigrationErrorCode, ReasonCode>>;

/** Of a deployment, or of a backfill. */
export const reasonOf = ({ code }: MigrationError): (typeof reasons)[MigrationErrorCode] => reasons[code];

const beginnings = {
  expand: 'widens the schema',
  backfill: 'fills rows',
  contract: 'contracts the schema',
  revert: 'takes back',
} as const;

/** One line of a run; undefined for what is shown as progress instead. */
export function eventSentence(event: MigrationEvent): string | undefined {
  switch (event.kind) {
    case 'begun':
      return `${event.id}: ${beginnings[event.stage]}${event.tool === undefined ? '' : ` by ${event.tool}`}`;
    case 'done':
      return `${event.id}: ${event.stage} done in ${event.tookMs < 1_000 ? `${event.tookMs} ms` : forHowLong(event.tookMs)}`;
    case 'warning':
      return event.id === undefined ? event.sentence : `${event.id}: ${event.sentence}`;
    case 'progress':
    case 'tool':
      return undefined;
    default:
      return event satisfies never;
  }
}
