// Releases and configuration; the schemas of services; messages that were given up.

import { count, type Field, listOf, optional, record, type Shape, text } from './shape.ts';
import { contract, evidence, nothing, sides, slot } from './words.ts';

const marked = { version: text, digest: text } as const satisfies Shape;

export const releaseEvents = {
  registered: { digest: text },
  'release-fetched': { version: text, source: text, bytes: count, files: count, sha256: optional(text), digest: text },
  'release-refused': { version: text },
  'release-pinned': { version: text, reason: text },
  'release-unpinned': { version: text },
  'release-pruned': { version: text, bytes: optional(count), aside: text },
  'image-pruned': { version: text, image: text, digest: text, host: text },
  'release-marked-bad': marked,
  'release-mark-cleared': { ...marked, reason: text, markedBy: text },
  'release-drifted': { version: text, folder: text, files: listOf(text), count },
  'release-restored': { version: text, folder: text },
  // `digest` and `before`: of all changes that are pending, now and before; undefined where there is none.
  'configuration-pending': { slot, digest: optional(text), before: optional(text) },
  'configuration-applied': { slot, fields: listOf(text), health: record<object>(), before: optional(text) },
  'configuration-settled': { digest: optional(text), before: optional(text) },
  'configuration-left': { before: optional(text) },
  'configuration-differs': { variables: listOf(text), slots: sides },
} as const satisfies Readonly<Record<string, Shape>>;

/** What a run of migrations reports. */
const event: Field<{ readonly kind: string; readonly id: string | undefined }> = record();

export const schemaEvents = {
  'schema-changed': { event, contract: optional(text) },
  'schema-warning': { event },
  'migrate-begun': nothing,
  'migrate-done': nothing,
  'migrate-tried': nothing,
  'migrate-failed': nothing,
  'backfill-begun': { event },
  'backfill-done': { event },
  'backfill-warning': { event },
  'backfill-failed': nothing,
  'backfill-paused': nothing,
  'backfill-resumed': nothing,
  'contract-asked': {
    ...contract,
    version: text,
    migrations: listOf(record<{ readonly id: string }>()),
    impossible: listOf(text),
    evidence,
  },
  'contract-approved': { ...contract, groups: optional(listOf(text)) },
  'contract-restore-point': { ...contract, printed: text },
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
