// The numbers of all vitest runs: each group's report, and what went wrong in it outside of any test.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readTestGroups } from '../nx/groups.ts';
import { add, nothing, oneFailure, readReport, type Totals } from './report.ts';

/** vitest.config.ts writes it: the report is silent about such errors. */
const errorsName = '.test-errors.log';

export function forgetReports(root: string): void {
  for (const { report, workspace } of readTestGroups(root))
    for (const file of [report, join(workspace, errorsName)]) rmSync(join(root, file), { force: true });
}

export function readTotals(root: string): Totals {
  const groups = readTestGroups(root);
  const workspaces = [...new Set(groups.map(({ workspace }) => workspace))];
  return [
    ...groups.map(({ report, workspace, project }) => readReport(join(root, report), { workspace, called: project })),
    ...workspaces.map((folder) => readErrors(join(root, folder, errorsName), folder)),
  ].reduce(add, nothing);
}

function readErrors(file: string, folder: string): Totals {
  if (!existsSync(file)) return nothing;
  const [first = ''] = readFileSync(file, 'utf8').split('\n');
  return oneFailure(`${folder}: an error outside of any test: ${first}`);
}
