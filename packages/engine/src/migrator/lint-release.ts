// The entry point of the lint: reads and judges a folder of migrations without a server, in CI and at registration.

import { suggest } from '../lib/suggest.ts';
import type { Dialect, LintOptions } from './dialect.ts';
import { filesOf } from './files/migration.ts';
import { readMigrations } from './files/read.ts';
import { type Finding, fileRules } from './lint/finding.ts';
import type { LintReport } from './lint/reports/report.ts';

/** What is wrong with the files themselves comes first; the other files are judged as if those did not exist. */
export async function lintRelease(
  folder: string,
  dialect: Dialect,
  options: LintOptions & { readonly shownAs?: string } = {},
): Promise<LintReport> {
  await dialect.load();
  const shown = options.shownAs ?? folder;
  const read = readMigrations(folder);
  const migrations = read.ok ? read.migrations : read.readable;
  const invalid = read.ok ? [] : read.problems.map(unreadable);
  const findings = [...invalid, ...dialect.lint(migrations, options)];
  return { folder: shown, files: migrations.flatMap(filesOf).length, findings };
}

/** The first of `names` that is no rule for this database, with the nearest that is. */
export function unknownRule(
  names: readonly string[],
  { rules }: Pick<Dialect, 'rules'>,
): { readonly name: string; readonly nearest: string } | undefined {
  const known = [...fileRules, ...rules];
  const name = names.find((each) => !known.includes(each));
  return name === undefined ? undefined : { name, nearest: suggest(name, known, 'any') ?? '' };
}

function unreadable({
  file,
  line,
  problem,
}: {
  readonly file: string;
  readonly line: number | undefined;
  readonly problem: string;
}): Finding {
  return {
    rule: 'invalid-file',
    classes: ['transaction'],
    severity: 'error',
    file,
    line: line ?? 1,
    statement: '',
    message: problem,
    safe: undefined,
    allowedIn: [],
    accepted: undefined,
  };
}
