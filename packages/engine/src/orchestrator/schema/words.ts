// What is said of migrations, to people.

import { forHowLong } from '../../domain/times.ts';
import { messageOf } from '../../lib/errors.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';

/** What happened, and what a person can do about it. */
export function migrationSentence(thrown: unknown): string {
  const hint = thrown instanceof MigrationError && thrown.hint ? ` (${thrown.hint})` : '';
  return `${messageOf(thrown)}${hint}`;
}

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
      return `${event.id}: ${beginnings[event.stage]}`;
    case 'done':
      return `${event.id}: ${event.stage} done in ${event.tookMs < 1_000 ? `${event.tookMs} ms` : forHowLong(event.tookMs)}`;
    case 'warning':
      return event.id === undefined ? event.sentence : `${event.id}: ${event.sentence}`;
    case 'progress':
      return undefined;
    default:
      return event satisfies never;
  }
}
