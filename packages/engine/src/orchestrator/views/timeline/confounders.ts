// What else changed while users were on both sides, from rows of the audit log. Instances of a side are a part of its
// configuration: more of them are started with `config apply`, which the log has as such.

import type { AuditAction, AuditRow } from '../../../domain/audit-events.ts';
import type { Confounder, ConfounderKind } from '../../../domain/confounder.ts';

const kinds: Readonly<Partial<Record<AuditAction, ConfounderKind>>> = {
  crashed: 'restart',
  restarted: 'restart',
  'restart-failed': 'restart',
  'started-by-hand': 'restart',
  'stopped-by-hand': 'restart',
  'side-stopped': 'restart',
  'side-restored': 'restart',
  'side-upgraded': 'restart',
  'promoted-on': 'weights',
  'configuration-applied': 'configuration',
  'configuration-settled': 'configuration',
  'release-drifted': 'configuration',
  'release-restored': 'configuration',
  'schema-changed': 'schema',
  'migrate-done': 'schema',
  'migrate-failed': 'schema',
  'backfill-begun': 'schema',
  'backfill-done': 'schema',
  'backfill-failed': 'schema',
  'contract-begun': 'schema',
  'contract-ended': 'schema',
  'drift-found': 'routing',
  'drift-resolved': 'routing',
  'routing-restored': 'routing',
  'routing-adopted': 'routing',
  'balancer-restarted': 'routing',
};

/** Pure; undefined for a row that changes nothing that both sides depend on. */
export function confounderIn({ at, action, sentence }: AuditRow): Confounder | undefined {
  const kind = isKnown(action) ? kinds[action] : undefined;
  return kind && { at, kind, sentence };
}

const isKnown = (action: string): action is keyof typeof kinds => Object.hasOwn(kinds, action);
