// Releases and configuration; the schemas of services; messages that were given up.

import { anything, count, listOf, optional, type Shape, text } from './shape.ts';
import { contract, nothing, slot } from './words.ts';

const marked = { version: text, digest: text } as const satisfies Shape;

export const releaseEvents = {
  registered: { digest: text },
  'release-fetched': { version: text, source: text, bytes: count, files: count, sha256: optional(text), digest: text },
  'release-refused': { version: text },
  'release-pinned': { version: text, reason: text },
  'release-unpinned': { version: text },
  'release-pruned': { version: text, bytes: optional(count), aside: text },
  'release-marked-bad': marked,
  'release-mark-cleared': { ...marked, reason: text, markedBy: text },
  'release-drifted': { version: text, folder: text, files: listOf(text), count },
  'release-restored': { version: text, folder: text },
  // `digest` and `before`: of all changes that are pending, now and before; undefined where there is none.
  'configuration-pending': { slot, digest: optional(text), before: optional(text) },
  'configuration-applied': { slot, fields: listOf(text), health: anything, before: optional(text) },
  'configuration-settled': { digest: optional(text), before: optional(text) },
  'configuration-left': { before: optional(text) },
  'configuration-differs': { variables: listOf(text), slots: anything },
} as const satisfies Readonly<Record<string, Shape>>;

export const schemaEvents = {
  'schema-changed': { event: anything, contract: optional(text) },
  'schema-warning': { event: anything },
  'migrate-begun': nothing,
  'migrate-done': nothing,
  'migrate-tried': nothing,
  'migrate-failed': nothing,
  'backfill-begun': { event: anything },
  'backfill-done': { event: anything },
  'backfill-warning': { event: anything },
  'backfill-failed': nothing,
  'backfill-paused': nothing,
  'backfill-resumed': nothing,
  'contract-asked': { ...contract, version: text, migrations: anything, impossible: anything, evidence: anything },
  'contract-approved': contract,
  'contract-restore-point': { ...contract, printed: anything },
  'contract-begun': contract,
  'contract-resumed': contract,
  'contract-continued': contract,
  'contract-ended': { ...contract, migrations: optional(listOf(text)) },
} as const satisfies Readonly<Record<string, Shape>>;

export const messageEvents = {
  'mail-dropped': { fact: text, about: optional(count), facts: optional(count), attempts: optional(count) },
  'page-dropped': { pager: text, trouble: text, action: text, attempts: count },
  'status-dropped': { key: text, happenedAt: count, attempts: count },
} as const satisfies Readonly<Record<string, Shape>>;
