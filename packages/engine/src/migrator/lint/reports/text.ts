// For people at a terminal, and for logs.

import type { Finding } from '../finding.ts';
import { counts, type LintReport, placeOf, printable, wordsOf } from './report.ts';

export function textReport(report: LintReport): string {
  const parts = report.findings.map((finding) => told(report, finding));
  return `${[...parts, summary(report)].join('\n\n')}\n`;
}

function told(report: LintReport, finding: Finding): string {
  const { severity, rule, line, message, statement, safe, accepted } = finding;
  const lines = [
    `${placeOf(report, finding)}:${line}  ${accepted === undefined ? severity : 'accepted'}  ${rule} (${wordsOf(finding)})`,
    indented(message, '  '),
    ...(statement === '' ? [] : [indented(shortened(statement), '  | ')]),
    ...(accepted === undefined ? [] : [`  taken on: ${accepted}`]),
    ...(safe === undefined || accepted !== undefined ? [] : ['  instead:', indented(safe, '    ')]),
  ];
  return printable(lines.join('\n'));
}

const mostLines = 8;

function shortened(statement: string): string {
  const lines = statement.split('\n');
  return lines.length <= mostLines ? statement : [...lines.slice(0, mostLines), '…'].join('\n');
}

const indented = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => `${by}${line}`)
    .join('\n');

function summary({ findings, files }: LintReport): string {
  const { errors, reviews, warnings, accepted } = counts(findings);
  const checked = `${files} ${files === 1 ? 'file' : 'files'} checked`;
  if (findings.length === 0) return `${checked}: nothing to say`;
  const all = [
    `${errors} ${errors === 1 ? 'error' : 'errors'}`,
    `${reviews} to review`,
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    `${accepted} accepted`,
  ];
  return `${checked}: ${all.join(', ')}`;
}
