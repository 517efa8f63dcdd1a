// What vitest says of one run, read from the report that it leaves.

import { existsSync, readFileSync } from 'node:fs';

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

export interface Failure {
  /** For people. */
  readonly sentence: string;
  /** Where to find it again; undefined for what belongs to no file of tests. */
  readonly place: TestPlace | undefined;
}

export interface TestPlace {
  /** From the root. */
  readonly workspace: string;
  /** Absolute. */
  readonly file: string;
  /** Its full name; undefined when the file could not be run at all. */
  readonly test: string | undefined;
}

export const nothing: Totals = { passed: 0, failed: 0, skipped: 0, failures: [] };

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

interface Origin {
  /** From the root. */
  readonly workspace: string;
  /** For people: what was run. */
  readonly called: string;
}

export function readReport(file: string, { workspace, called }: Origin): Totals {
  if (!existsSync(file)) return oneFailure(`${called}: the tests left no report`);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const broken = report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((each) => each.status === 'failed');
  });
  const failures = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => ({
        sentence: `${called}: ${fullName}`,
        place: { workspace, file: name, test: fullName },
      })),
  );
  const notRun = broken.map(({ name, message }) => ({
    sentence: `${name} could not be run: ${message}`,
    place: { workspace, file: name, test: undefined },
  }));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests,
    failures: [...failures, ...notRun],
  };
}

/** The full names of the tests that passed; none where there is no report. */
export function passedIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ status, fullName }) => (status === 'passed' ? fullName : []));
}

export function oneFailure(sentence: string): Totals {
  return { ...nothing, failed: 1, failures: [{ sentence, place: undefined }] };
}

export function add(left: Totals, right: Totals): Totals {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
    failures: [...left.failures, ...right.failures],
  };
}
