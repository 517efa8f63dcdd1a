// Migrations as one text: `-- expand:`, `-- then contract, @no-transaction:` and the like head the files, as safe forms
// are written. They become real files, so that what tests read is what a release would hold.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect, LintOptions } from '../dialect.ts';
import type { Stage } from '../files/migration.ts';
import { formatFileProblem, readMigrations } from '../files/read.ts';
import type { Finding } from '../lint/finding.ts';

export interface Section {
  readonly file: string;
  readonly stage: Stage;
  readonly text: string;
  /** What comes after the colon of the heading: the rules that are expected there. */
  readonly expected: readonly string[];
}

const heading = /^-- (then )?(expand|backfill|contract|revert)(, @no-transaction)?:(.*)$/;

export function sectionsOf(text: string): readonly Section[] {
  const sections: { stage: Stage; number: number; lines: string[]; expected: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, then, stage, outside, rules = ''] = heading.exec(line) ?? [];
    const last = sections.at(-1);
    if (stage === undefined) {
      last?.lines.push(line);
      continue;
    }
    const number = last?.number ?? 1;
    const isTaken = sections.some((each) => each.number === number && each.stage === stage);
    sections.push({
      stage: stage as Stage,
      number: then !== undefined || isTaken ? number + 1 : number,
      lines: outside === undefined ? [] : ['-- @no-transaction'],
      expected: rules.split(/[\s,]+/).filter(Boolean),
    });
  }
  return sections.map(({ stage, number, lines, expected }) => ({
    file: `${String(number).padStart(3, '0')}_case.${stage}.sql`,
    stage,
    text: `${lines.join('\n').trim()}\n`,
    expected,
  }));
}

/** Findings of the sections; a missing revert is added, since most cases are about something else. */
export function lintSections(
  dialect: Dialect,
  sections: readonly Section[],
  options?: LintOptions,
): readonly Finding[] {
  const folder = mkdtempSync(join(tmpdir(), 'bg-lint-'));
  try {
    mkdirSync(folder, { recursive: true });
    for (const { file, text } of sections) writeFileSync(join(folder, file), text);
    for (const { file, stage } of sections) {
      const revert = file.replace('.expand.', '.revert.');
      if (stage === 'expand' && !sections.some((each) => each.file === revert))
        writeFileSync(join(folder, revert), 'SELECT 1;\n');
    }
    const read = readMigrations(folder);
    if (!read.ok) throw new Error(read.problems.map(formatFileProblem).join('\n'));
    return dialect.lint(read.migrations, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Case {
  readonly title: string;
  readonly sections: readonly Section[];
}

/** Cases of a corpus: each begins with `--- title`. */
export function casesOf(text: string): readonly Case[] {
  return text
    .split(/^--- /m)
    .slice(1)
    .map((part) => ({ title: part.slice(0, part.indexOf('\n')), sections: sectionsOf(part) }));
}

/** `file: rule` for each finding, sorted. */
export const reported = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ file, rule }) => `${file}: ${rule}`).toSorted();

export const expectedOf = ({ sections }: Case): readonly string[] =>
  sections.flatMap(({ file, expected }) => expected.map((rule) => `${file}: ${rule}`)).toSorted();
