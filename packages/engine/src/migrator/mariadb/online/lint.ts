// What the lint reports of a file with `@online`.

import type { SqlProblem } from '../../dialect.ts';
import type { MariadbStatement } from '../parse.ts';
import { type History, hasKey } from '../rules/history.ts';
import { readOnlineChange } from './change.ts';

export function onlineProblems(statements: readonly MariadbStatement[], history: History): readonly SqlProblem[] {
  const read = readOnlineChange(statements);
  if (!read.ok) return [{ line: read.line, problem: read.problem }];
  const { table } = read.change;
  if (hasKey(history, table.toLowerCase())) return [];
  const line = statements[0]?.line ?? 1;
  return [{ line, problem: `${table} has no primary key, by which a tool finds the rows that change meanwhile` }];
}
