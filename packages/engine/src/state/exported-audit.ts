// A copy of the audit log as `bg audit export` writes it, read line by line: each row is checked against the one before
// it, by the same hashes as in the state.

import type { AuditRow } from '../domain/audit-events.ts';
import { count, orNull, readDetail, record, text } from '../domain/events/shape.ts';
import { beginning, hashOf } from './audit.ts';

export type CheckedLine =
  | { readonly kind: 'row'; readonly row: AuditRow }
  | { readonly kind: 'empty' }
  | { readonly kind: 'broken'; readonly problem: string };

export interface ExportChecker {
  /** Each line in turn; after a broken one there is nothing to check any more. */
  take(line: string): CheckedLine;
}

export interface ExportOptions {
  /** The hash of a row of this state: what the first row of a copy follows that does not begin with the log. */
  readonly hashBefore: (seq: number) => string | undefined;
}

/** Longer than any row that this program writes. */
const longestLine = 4_000_000;

const shape = {
  seq: count,
  at: count,
  actor: text,
  action: text,
  service: orNull(text),
  target: orNull(text),
  deploymentId: orNull(text),
  code: orNull(text),
  sentence: text,
  detail: record<Readonly<Record<string, unknown>>>(),
  hash: text,
};

interface Line extends AuditRow {
  /** As in the log. A file of an archive names it where the detail, written again, would be another text. */
  readonly detailText: string;
}

export function createExportChecker({ hashBefore }: ExportOptions): ExportChecker {
  let number = 0;
  let previous: { readonly seq: number; readonly hash: string } | undefined;
  return {
    take: (line) => {
      number += 1;
      if (line.trim() === '') return { kind: 'empty' };
      const row = rowIn(line);
      if (!row) return broken(`line ${number} is no row of \`bg audit export\` in JSON Lines${csvHint(line)}`);
      const before = previous ?? { seq: row.seq - 1, hash: row.seq === 1 ? beginning.hash : hashBefore(row.seq - 1) };
      const { detailText, ...shown } = row;
      const problem = problemOf(shown, detailText, before);
      previous = row;
      return problem === undefined ? { kind: 'row', row: shown } : broken(problem);
    },
  };
}

const broken = (problem: string): CheckedLine => ({ kind: 'broken', problem });

const csvHint = (line: string): string => (line.startsWith('seq,') ? ': export it without --csv' : '');

function rowIn(line: string): Line | undefined {
  if (line.length > longestLine) return undefined;
  const found = parsed(line);
  if (found === undefined) return undefined;
  const row = readDetail(shape, found);
  const isWhole = Object.keys(shape).every((key) => row[key as keyof typeof shape] !== undefined);
  if (!isWhole) return undefined;
  const detailText = text(found.detailText) ?? JSON.stringify(row.detail);
  const detail = parsed(detailText);
  return detail && { ...(row as AuditRow), detail, detailText };
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return record<Record<string, unknown>>()(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function problemOf(
  row: AuditRow,
  detailText: string,
  before: { readonly seq: number; readonly hash: string | undefined },
): string | undefined {
  if (row.seq !== before.seq + 1)
    return row.seq > before.seq
      ? `rows ${before.seq + 1} to ${row.seq - 1} are missing`
      : `row ${row.seq} comes after row ${before.seq}`;
  if (before.hash === undefined)
    return `it begins with row ${row.seq}, and this state does not hold the row before: export the whole log`;
  if (hashOf({ ...row, detail: detailText, previousHash: before.hash }) !== row.hash)
    return `row ${row.seq} was changed, or does not follow row ${before.seq}`;
  return undefined;
}
