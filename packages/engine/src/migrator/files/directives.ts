// The header of a file: comment lines `-- @name value` before the first statement. A misspelt one is an error, never nothing.

import { suggest } from '../../lib/suggest.ts';
import { lineAt, withoutComments } from './code.ts';
import type { Acceptance, FileProblem, Stage } from './migration.ts';

/** Each with the stages whose files may contain it, and its form. */
const known = {
  requires: { stages: ['expand', 'backfill', 'contract'], form: '-- @requires 002_name, 003_name' },
  'no-transaction': { stages: ['expand', 'contract', 'revert'], form: '-- @no-transaction' },
  accept: { stages: ['expand', 'backfill', 'contract', 'revert'], form: '-- @accept <rule>: <reason>' },
  sync: { stages: ['expand'], form: '-- @sync' },
  online: { stages: ['expand', 'contract', 'revert'], form: '-- @online pt-osc' },
  table: { stages: ['backfill'], form: '-- @table users' },
  key: { stages: ['backfill'], form: '-- @key id' },
  batch: { stages: ['backfill'], form: '-- @batch 1000' },
  verify: { stages: ['backfill'], form: '-- @verify SELECT count(*) FROM users WHERE …' },
} as const satisfies Record<string, { readonly stages: readonly Stage[]; readonly form: string }>;

export type DirectiveName = keyof typeof known;

export interface Directive {
  readonly name: DirectiveName;
  /** Without white space around it; empty for one that takes none. */
  readonly value: string;
  readonly line: number;
}

export interface Header {
  readonly directives: readonly Directive[];
  readonly problems: readonly FileProblem[];
}

const pattern = /^[ \t]*--[ \t]*@([\w-]+)(.*)$/gm;

export function readHeader(file: string, stage: Stage, text: string): Header {
  const firstStatement = withoutComments(text).search(/[^\s;]/);
  const directives: Directive[] = [];
  const problems: FileProblem[] = [];
  for (const { 1: name = '', 2: value = '', index } of text.matchAll(pattern)) {
    const line = lineAt(text, index);
    const problem = problemOf(
      { name, value: value.trim() },
      stage,
      firstStatement !== -1 && index > firstStatement,
      directives,
    );
    if (problem === 'a-comment') continue;
    if (problem) problems.push({ file, line, problem });
    else directives.push({ name: name as DirectiveName, value: value.trim(), line });
  }
  return { directives, problems };
}

function problemOf(
  { name, value }: { readonly name: string; readonly value: string },
  stage: Stage,
  isLate: boolean,
  before: readonly Directive[],
): string | undefined {
  // Between statements any comment may use `@`; only what looks like a directive in the wrong place is reported.
  if (!isKnown(name)) return isLate ? 'a-comment' : unknownName(name);
  if (isLate) return `@${name} must stand before the first statement`;
  const { stages, form } = known[name];
  if (!(stages as readonly Stage[]).includes(stage))
    return `@${name} has no meaning in a .${stage}.sql file; it belongs into ${stages.map((each) => `.${each}.sql`).join(', ')}`;
  const takesNone = name === 'no-transaction' || name === 'sync';
  if (takesNone !== (value === '')) return `expected \`${form}\``;
  if (name !== 'accept' && name !== 'requires' && before.some((each) => each.name === name))
    return `@${name} is said twice`;
  return undefined;
}

const isKnown = (name: string): name is DirectiveName => Object.hasOwn(known, name);

function unknownName(name: string): string {
  const names = Object.keys(known);
  const meant = suggest(name, names, 3);
  const hint = meant === undefined ? `known are @${names.join(', @')}` : `did you mean @${meant}?`;
  return `@${name} is unknown; ${hint}`;
}

/** `rule: reason`; the reason shows where people approve. */
export function readAcceptances(file: string, directives: readonly Directive[]) {
  const accepted: Acceptance[] = [];
  const problems: FileProblem[] = [];
  for (const { name, value, line } of directives) {
    if (name !== 'accept') continue;
    const [, rule, reason] = /^([a-z][a-z0-9-]*)\s*:\s*(\S.*)$/.exec(value) ?? [];
    if (rule && reason) accepted.push({ rule, reason, line });
    else problems.push({ file, line, problem: 'expected `-- @accept <rule>: <reason>`, with a reason' });
  }
  return { accepted, problems };
}
