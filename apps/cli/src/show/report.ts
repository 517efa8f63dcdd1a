// A report for people: on the terminal, and as Markdown.

import { figureRows, goalRows, headlineOf, type Report } from '@bg/engine';
import type { Light } from './light.ts';
import { tableLines } from './table.ts';

export function reportLines(report: Report, { paint }: Light): readonly string[] {
  const { figures, goals, targets } = report;
  return [
    `${paint.bold(scopeOf(report))}: ${headlineOf(report)}`,
    paint.dim(periodOf(report)),
    ...tableLines(figureRows(figures).map(({ label, text }) => [`  ${label}`, text])),
    ...goalRows(goals).map(({ label, text, isMet }) => `  ${signs(paint)[markOf(isMet)]} ${label}: ${text}`),
    ...tableLines(targets.map((each) => [`  ${each.service}/${each.target}`, headlineOf(each)])),
    ...remarksOf(report).map((each) => `${paint.yellow('!')} ${each}`),
  ];
}

export function markdownLines(report: Report): readonly string[] {
  const { figures, goals, targets } = report;
  return [
    `## ${escaped(scopeOf(report))}: ${escaped(headlineOf(report))}`,
    '',
    escaped(periodOf(report)),
    ...tableOf(
      ['Figure', ''],
      figureRows(figures).map(({ label, text }) => [label, text]),
    ),
    ...tableOf(
      ['Goal', '', ''],
      goalRows(goals).map(({ label, text, isMet }) => [label, text, met[markOf(isMet)]]),
    ),
    ...tableOf(
      ['Target', ''],
      targets.map((each) => [`${each.service}/${each.target}`, headlineOf(each)]),
    ),
    ...remarksOf(report).flatMap((each) => ['', escaped(each)]),
  ];
}

type Mark = 'met' | 'missed' | 'nothing';

const markOf = (isMet: boolean | undefined): Mark => (isMet === undefined ? 'nothing' : isMet ? 'met' : 'missed');

const signs = (paint: Light['paint']) => ({ met: paint.green('✓'), missed: paint.red('✗'), nothing: '–' });

const met = { met: 'met', missed: 'missed', nothing: '–' } as const;

function scopeOf({ scope: { service, target } }: Report): string {
  if (service === undefined) return target === undefined ? 'all services' : `${target} of all services`;
  return target === undefined ? service : `${service}/${target}`;
}

/** Each end without the zone, which is the same. */
function periodOf({ period: { zone, local } }: Report): string {
  const short = (text: string) => text.replace(` ${zone}`, '');
  return `${short(local.since)} to ${short(local.until)} ${zone}`;
}

function remarksOf({ log: { beginsAt, firstRow } }: Report): readonly string[] {
  return beginsAt === undefined
    ? []
    : [
        `the audit log begins at ${new Date(beginsAt).toISOString()}, after the period does${firstRow > 1 ? `: rows 1 to ${firstRow - 1} are in archives and are not counted` : ''}`,
      ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return ['', line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)];
}

const escaped = (text: string): string => text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&');
