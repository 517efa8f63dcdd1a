// A test that failed is run once more by itself, after all others: what fails only under load is separated from what
// is broken, and both are reported. Nothing is repeated twice, and where much fails nothing is repeated at all. In CI a
// test that passed only when it was repeated counts as failed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Failure, passedIn, readReport, type TestPlace, type Totals } from './report.ts';
import { runStep } from './step.ts';

/** More files than these are no accident. */
const mostFiles = 3;
const limitMs = 600_000;

export interface Settled {
  readonly passed: number;
  readonly failed: number;
  /** What each failure came to, for people: those that passed in the end too. */
  readonly sentences: readonly string[];
}

export interface Repeating {
  readonly root: string;
  readonly signal: AbortSignal;
  /** In CI: a test that passed only by itself counts as failed. */
  readonly ci: boolean;
  /** Of the second runs. */
  readonly output: 'inherit' | 'ignore';
}

export async function repeatOneByOne(totals: Totals, repeating: Repeating): Promise<Settled> {
  const files = filesOf(totals);
  const tooMany = files.length > mostFiles;
  if (tooMany) console.log(`\nIn ${files.length} files tests failed: more than ${mostFiles} are not run once more.`);
  const runs: AloneRun[] = [];
  for (const place of tooMany ? [] : files) if (!repeating.signal.aborted) runs.push(await runAlone(place, repeating));
  return settle(totals, runs, repeating.ci);
}

/** One for each file in which something failed. */
function filesOf({ failures }: Totals): readonly TestPlace[] {
  const places = failures.flatMap(({ place }) => place ?? []);
  return [...new Map(places.map((place) => [place.file, place])).values()];
}

/** The result of running one file by itself. */
interface AloneRun {
  readonly file: string;
  /** It came to its end, and nothing went wrong in it. */
  readonly ok: boolean;
  readonly failures: readonly Failure[];
  /** Their full names. */
  readonly passed: readonly string[];
}

async function runAlone({ workspace, file }: TestPlace, { root, signal, output }: Repeating): Promise<AloneRun> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-again-'));
  const report = join(folder, 'report.json');
  const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const name = `once more, alone: ${relative(root, file)}`;
  try {
    const argv = ['vitest', 'run', file, ...reporting] as const;
    const { ok } = await runStep({ name, argv, limitMs, output }, join(root, workspace), signal);
    const { failures } = readReport(report, { workspace, called: workspace });
    return { file, ok: ok && failures.length === 0, failures, passed: passedIn(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A failure counts as passed only when the second run has shown that it passes, and never in CI. */
function settle(totals: Totals, runs: readonly AloneRun[], ci: boolean): Settled {
  const ends = totals.failures.map(({ sentence, place }) => ({ sentence, end: endOf(place, runs) }));
  const recovered = ci ? 0 : ends.filter(({ end }) => end === 'passed').length;
  const fresh = runs
    .flatMap(({ failures }) => failures)
    .filter(({ place }) => place !== undefined && !totals.failures.some((before) => isSame(before.place, place)));
  return {
    passed: totals.passed + recovered,
    failed: totals.failed - recovered + fresh.length,
    sentences: [
      ...ends.map(({ sentence, end }) => `${verdictOf(end, ci)}: ${sentence}`),
      ...fresh.map(({ sentence }) => `✗ failed alone, not beside other work: ${sentence}`),
    ],
  };
}

type End = 'not repeated' | 'passed' | 'failed';

function endOf(place: TestPlace | undefined, runs: readonly AloneRun[]): End {
  const run = runs.find(({ file }) => file === place?.file);
  if (run === undefined) return 'not repeated';
  const seen = place?.test === undefined ? run.ok : run.passed.includes(place.test);
  const again = run.failures.some((each) => isSame(each.place, place));
  // A run that went wrong without a failure to name, such as an error outside of any test, shows nothing.
  return seen && !again && (run.ok || run.failures.length > 0) ? 'passed' : 'failed';
}

function isSame(left: TestPlace | undefined, right: TestPlace | undefined): boolean {
  return left !== undefined && left.file === right?.file && left.test === right.test;
}

function verdictOf(end: End, ci: boolean): string {
  switch (end) {
    case 'not repeated':
      return '✗ failed';
    case 'passed':
      if (ci) return '✗ failed beside other work, passed alone, which counts as failed in CI';
      return '! failed beside other work, passed alone';
    case 'failed':
      return '✗ failed beside other work, and alone';
    default:
      return end satisfies never;
  }
}
