// The numbers of all vitest runs: each workspace's report, and what went wrong in it outside of any test.

import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { add, nothing, oneFailure, readReport, type Totals } from './report.ts';

const reportName = '.test-report.json';
/** vitest.config.ts writes it: the report is silent about such errors. */
const errorsName = '.test-errors.log';

export function forgetReports(root: string): void {
  for (const folder of workspacesWithTests(root))
    for (const name of [reportName, errorsName]) rmSync(join(root, folder, name), { force: true });
}

export function readTotals(root: string): Totals {
  return workspacesWithTests(root)
    .flatMap((folder) => [
      readReport(join(root, folder, reportName), folder),
      readErrors(join(root, folder, errorsName), folder),
    ])
    .reduce(add, nothing);
}

/** From the root; a workspace without tests owes no report. */
function workspacesWithTests(root: string): readonly string[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  return workspaces
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .map((file) => dirname(file))
    .filter((folder) => {
      const exclude = (name: string): boolean => name === 'node_modules';
      return globSync('**/*.test.ts', { cwd: join(root, folder), exclude }).length > 0;
    })
    .toSorted();
}

function readErrors(file: string, folder: string): Totals {
  if (!existsSync(file)) return nothing;
  const [first = ''] = readFileSync(file, 'utf8').split('\n');
  return oneFailure(`${folder}: an error outside of any test: ${first}`);
}
