// Annotations of GitHub Actions: one line each, in which the runner reads commands. What comes from a file must not be one.

import type { Finding } from '../finding.ts';
import { type LintReport, placeOf, printable } from './report.ts';

export function githubReport(report: LintReport): string {
  return report.findings.map((finding) => `${annotation(report, finding)}\n`).join('');
}

function annotation(report: LintReport, finding: Finding): string {
  const { line, rule, message, safe, accepted } = finding;
  const text = [
    message,
    ...(accepted === undefined ? [] : [`taken on: ${accepted}`]),
    ...(safe === undefined ? [] : ['instead:', safe]),
  ];
  const properties = [`file=${property(placeOf(report, finding))}`, `line=${line}`, `title=${property(rule)}`];
  return `::${level(finding)} ${properties.join(',')}::${escaped(printable(text.join('\n')))}`;
}

function level({ severity, accepted }: Finding): 'error' | 'warning' | 'notice' {
  if (accepted !== undefined || severity === 'warning') return 'notice';
  return severity === 'review' ? 'warning' : 'error';
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => escaped(printable(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
