// For programs: the findings as they are, with counts.

import { counts, type LintReport } from './report.ts';

export function jsonReport({ folder, findings, files, leftOut = 0 }: LintReport): string {
  return `${JSON.stringify({ version: 1, folder, files, ...counts(findings), leftOut, findings }, null, 2)}\n`;
}
