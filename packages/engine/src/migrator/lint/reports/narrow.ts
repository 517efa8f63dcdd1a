// A report reduced to what is to be checked: from a migration on, of some rules, without what was there before.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../../../lib/errors.ts';
import { parseName } from '../../files/names.ts';
import type { Finding } from '../finding.ts';
import type { LintReport } from './report.ts';

export interface Narrowing {
  /** Number or id of the first migration that is shown. */
  readonly since?: string | undefined;
  readonly rules?: readonly string[] | undefined;
  /** Fingerprints of findings that are known and not shown again. */
  readonly known?: ReadonlySet<string> | undefined;
}

/** The same finding after lines were added above it, and in another folder. */
export const fingerprint = ({ rule, file, statement }: Finding): string =>
  createHash('sha256').update([rule, file, statement].join('\0')).digest('hex');

/** What is left out is counted. A problem of a file without a number is always shown. */
export function narrow(report: LintReport, { since, rules, known }: Narrowing): LintReport {
  const first = since === undefined ? 0 : Number.parseInt(since, 10);
  const shown = report.findings.filter(
    (finding) =>
      numberOf(finding.file) >= first &&
      (rules === undefined || rules.includes(finding.rule)) &&
      known?.has(fingerprint(finding)) !== true,
  );
  return { ...report, findings: shown, leftOut: report.findings.length - shown.length };
}

function numberOf(file: string): number {
  const name = parseName(file);
  return 'number' in name ? name.number : Number.POSITIVE_INFINITY;
}

const baselineShape = z.object({
  version: z.literal(1),
  findings: z.array(z.object({ rule: z.string(), file: z.string(), fingerprint: z.string() })),
});

/** @returns the fingerprints, or why the file is none that `writeBaseline` wrote */
export function readBaseline(file: string): ReadonlySet<string> | string {
  try {
    const { findings } = baselineShape.parse(JSON.parse(readFileSync(file, 'utf8')));
    return new Set(findings.map((each) => each.fingerprint));
  } catch (thrown) {
    return thrown instanceof z.ZodError ? 'it is no baseline of this command' : messageOf(thrown);
  }
}

/**
 * In the order of the files, so that a changed baseline is read well in a review. Accepted findings need no place in it.
 * @returns how many it lists, or why it could not be written
 */
export function writeBaseline(file: string, { findings }: LintReport): number | string {
  const open = findings.filter(({ accepted }) => accepted === undefined);
  const listed = open.map((each) => ({ rule: each.rule, file: each.file, fingerprint: fingerprint(each) }));
  try {
    writeFileSync(file, `${JSON.stringify({ version: 1, findings: listed }, null, 2)}\n`);
  } catch (thrown) {
    return messageOf(thrown);
  }
  return listed.length;
}
