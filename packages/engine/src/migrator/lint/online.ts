// A file that a tool runs, `@online`: what only makes writers wait is no hazard there, and what no tool can do is one.

import type { SqlProblem } from '../dialect.ts';
import type { SqlFile } from '../files/migration.ts';
import type { Finding, HazardClass } from './finding.ts';

/** The tool copies the table while services use it, so that no session waits for the server. */
export const takesLocksOff = (
  { online }: SqlFile,
  { classes }: { readonly classes: readonly HazardClass[] },
): boolean => online !== undefined && classes.every((each) => each === 'locks');

/** @param problems undefined for a database that has no such tools */
export function onlineFindings(file: SqlFile, problems: readonly SqlProblem[] | undefined): readonly Finding[] {
  if (file.online === undefined) return [];
  const none = { line: 1, problem: 'tools for changes beside users exist only for MariaDB and MySQL' };
  return (problems ?? [none]).map(({ line, problem }) => ({
    rule: 'online-change',
    classes: ['loses-data', 'transaction'],
    severity: 'error',
    file: file.file,
    line,
    statement: file.text.split('\n')[line - 1]?.trim() ?? '',
    message: problem,
    safe: undefined,
    allowedIn: [],
    accepted: undefined,
  }));
}
