// What the lint advises, at its place in a history: what ran before, the statement itself, and its safe form as the
// files that would follow.

import type { Dialect, Statement } from '../dialect.ts';
import type { Finding } from '../lint/finding.ts';
import { type Case, lintSections, type Section, sectionsOf } from './sections.ts';

export interface Advice {
  readonly title: string;
  readonly finding: Finding;
  /** Files that ran before, the last one up to the statement. */
  readonly before: readonly Section[];
  /** The statement that the finding is about. */
  readonly original: Section;
  /** The files that would take its place. */
  readonly safe: readonly Section[];
}

/** Each safe form of a case once, however many findings print it. */
export function adviceIn(dialect: Dialect, { title, sections }: Case): readonly Advice[] {
  const seen = new Set<string>();
  return lintSections(dialect, sections).flatMap((finding) => {
    const at = sections.findIndex(({ file }) => file === finding.file);
    const section = sections[at];
    const safe = finding.safe;
    if (section === undefined || safe === undefined || finding.rule === 'missing-revert') return [];
    const statements = statementsIn(dialect, section.text);
    const index = statements.findIndex(({ line, text }) => line === finding.line && text === finding.statement);
    const id = `${at} ${index} ${safe}`;
    if (index === -1 || seen.has(id)) return [];
    seen.add(id);
    const until = statements.slice(0, index).map(({ text }) => `${text};\n`);
    const head = section.text.split('\n').filter((line) => /^-- @(?:no-transaction|sync)/.test(line));
    const earlier = sections.slice(0, at).filter(({ stage }) => stage !== 'revert');
    // A form that repeats the statements before this one replaces the whole file.
    const isWhole = until.length > 0 && until.every((text) => safe.includes(text.trim()));
    const begun = until.length === 0 || isWhole ? [] : [{ ...section, text: [...head, ...until].join('\n') }];
    const before = [...earlier, ...begun];
    const original = isWhole ? section : { ...section, text: `${[...head, finding.statement].join('\n')};\n` };
    return [{ title: `${title}: ${finding.rule}`, finding, before, original, safe: after(before, sectionsOf(safe)) }];
  });
}

/** Errors and reviews that the lint reports for the safe form itself, in its place. */
export function faultsOf(dialect: Dialect, { before, safe }: Advice): readonly string[] {
  const own = new Set(safe.map(({ file }) => file));
  return lintSections(dialect, [...before, ...safe])
    .filter(({ file, severity }) => own.has(file) && severity === 'error')
    .map(({ rule, statement }) => `${rule}: ${statement}`);
}

export function statementsIn(dialect: Dialect, text: string): readonly Statement[] {
  const parsed = dialect.split(text);
  if (!parsed.ok) throw new Error(`${parsed.problem.problem}: ${text}`);
  return parsed.statements;
}

/** Renumbered, so that they are files of later migrations. */
function after(before: readonly Section[], sections: readonly Section[]): readonly Section[] {
  const numberOf = ({ file }: Section): number => Number(file.slice(0, 3));
  const last = Math.max(0, ...before.map(numberOf));
  const numbers = [...new Set(sections.map(numberOf))];
  return sections.map((each) => ({
    ...each,
    file: `${String(last + 1 + numbers.indexOf(numberOf(each))).padStart(3, '0')}${each.file.slice(3)}`,
  }));
}
