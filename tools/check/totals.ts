// The numbers of all vitest runs, read from the report that each leaves in its workspace.

import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A sentence for each test that failed, and each workspace that left no report. */
  readonly failures: readonly string[];
}

const reportName = '.test-report.json';
const nothing: Totals = { passed: 0, failed: 0, skipped: 0, failures: [] };

export function forgetReports(root: string): void {
  for (const folder of workspacesWithTests(root)) rmSync(join(root, folder, reportName), { force: true });
}

export function readTotals(root: string): Totals {
  return workspacesWithTests(root)
    .map((folder) => readReport(root, folder))
    .reduce(
      (sum, each) => ({
        passed: sum.passed + each.passed,
        failed: sum.failed + each.failed,
        skipped: sum.skipped + each.skipped,
        failures: [...sum.failures, ...each.failures],
      }),
      nothing,
    );
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

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function readReport(root: string, folder: string): Totals {
  const file = join(root, folder, reportName);
  if (!existsSync(file)) return { ...nothing, failed: 1, failures: [`${folder}: the tests left no report`] };
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const broken = report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((each) => each.status === 'failed');
  });
  const failures = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `${folder}: ${fullName}`),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests,
    failures: [...failures, ...broken.map(({ name, message }) => `${name} could not be run: ${message}`)],
  };
}
