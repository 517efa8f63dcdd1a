// For people at a terminal, and for logs.

import type { Finding } from '../finding.ts';
import { counts, type LintReport, placeOf, printable, wordsOf } from './report.ts';

export function textReport(report: LintReport): string {
  const together = togetherOf(report.findings);
  const parts = report.findings.filter(({ rule }) => !together.has(rule)).map((finding) => described(report, finding));
  const lines = [...together].map(([rule, findings]) => manyAtOnce(rule, findings));
  return `${[...parts, ...lines, summary(report)].join('\n\n')}\n`;
}

/** Facts of a whole file, of which an old project has hundreds: above this many they are one line. */
const mostApart = 5;
const ofFiles = ['missing-revert'];

function togetherOf(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const groups = ofFiles.map(
    (rule) => [rule, findings.filter((each) => each.rule === rule && !each.accepted)] as const,
  );
  return new Map(groups.filter(([, those]) => those.length > mostApart));
}

function manyAtOnce(rule: string, findings: readonly Finding[]): string {
  const names = findings.map(({ file }) => file);
  return printable(
    `${findings.length} files  ${findings[0]?.severity}  ${rule}: from ${names[0]} to ${names.at(-1)}; --format json lists each`,
  );
}

function described(report: LintReport, finding: Finding): string {
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

function summary({ findings, files, leftOut = 0 }: LintReport): string {
  const { errors, reviews, warnings, accepted } = counts(findings);
  const checked = `${files} ${files === 1 ? 'file' : 'files'} checked`;
  const hidden = leftOut === 0 ? '' : `, ${leftOut} not shown`;
  if (findings.length === 0) return `${checked}: nothing to say${hidden}`;
  const all = [
    `${errors} ${errors === 1 ? 'error' : 'errors'}`,
    `${reviews} to review`,
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    `${accepted} accepted`,
  ];
  return [...perRule(findings), `${checked}: ${all.join(', ')}${hidden}`].join('\n');
}

/** Above this many findings a reader wants to know first where to begin. */
const mostWithoutTable = 10;

function perRule(findings: readonly Finding[]): readonly string[] {
  if (findings.length <= mostWithoutTable) return [];
  const byRule = [...Map.groupBy(findings, ({ rule }) => rule)].toSorted((a, b) => b[1].length - a[1].length);
  return byRule.map(([rule, those]) => {
    const files = new Set(those.map(({ file }) => file)).size;
    return `${String(those.length).padStart(6)}  ${rule} in ${files} ${files === 1 ? 'file' : 'files'}`;
  });
}
