// `npm test`: types, lint, all tests, dead code, the tour on every load balancer. It ends with one line that says how
// many passed and failed, and with 0 only when nothing failed.

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repeatOneByOne, type Settled } from './check/again.ts';
import { installPrograms, type ProgramName, programs } from './check/programs.ts';
import type { Totals } from './check/report.ts';
import { type CheckStep, runStep, type StepResult } from './check/step.ts';
import { forgetReports, readTotals } from './check/totals.ts';
import { untilSignalled } from './stack/ending.ts';

const root = resolve(import.meta.dirname, '..');
const minuteMs = 60_000;
const ci = process.env.CI !== undefined;

function stepsOf({ cached, tour }: { readonly cached: boolean; readonly tour: boolean }): readonly CheckStep[] {
  const nx = (targets: readonly string[], parallel: number): readonly [string, ...string[]] => [
    ...(['nx', 'run-many', '-t'] as const),
    ...targets,
    '--output-style=stream',
    `--parallel=${parallel}`,
    ...(cached ? [] : ['--skip-nx-cache']),
  ];
  return [
    { name: 'types and lint', argv: nx(['typecheck', 'lint'], 2), limitMs: 5 * minuteMs },
    { name: 'dead code', argv: ['knip'], limitMs: 3 * minuteMs },
    // Three at a time: most of a test is waiting for processes, and more would disturb one another on a small machine.
    { name: 'tests', argv: nx(['test'], 3), limitMs: 50 * minuteMs },
    ...(tour ? [tourStep('embedded'), tourStep('nginx', '--core'), tourStep('haproxy', '--core')] : []),
  ];
}

function tourStep(loadBalancer: string, ...more: readonly string[]): CheckStep {
  const argv = [process.execPath, join(root, 'tools/tour.ts'), '--load-balancer', loadBalancer, ...more] as const;
  return { name: `tour on ${loadBalancer}`, argv, limitMs: 4 * minuteMs };
}

/** Where one can be neither found nor installed, what needs it is skipped or fails. */
function findPrograms(path: string): void {
  const all = Object.keys(programs) as ProgramName[];
  for (const program of installPrograms(all, path))
    console.log(`${program} is not here and cannot be installed: ${programs[program]} is skipped or fails.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'no-tour': { type: 'boolean', default: false } } });
  const stopping = untilSignalled();
  findPrograms(process.env.PATH ?? '');
  forgetReports(root);
  const results: StepResult[] = [];
  for (const step of stepsOf({ cached: !ci, tour: !values['no-tour'] }))
    if (!stopping.aborted) results.push(await runStep(step, root, stopping));
  const totals = readTotals(root);
  const settled = await repeatOneByOne(totals, { root, signal: stopping, ci, output: 'inherit' });
  sumUp({ results, totals, settled }, stopping);
}

interface Ended {
  readonly results: readonly StepResult[];
  readonly totals: Totals;
  readonly settled: Settled;
}

function sumUp({ results, totals, settled }: Ended, stopping: AbortSignal): void {
  console.log('');
  for (const { name, ok, seconds, how } of results) console.log(`${ok ? '✓' : '✗'} ${name} (${seconds} s, ${how})`);
  for (const sentence of settled.sentences) console.log(`  ${sentence}`);
  if (totals.skipped > 0) console.log(`${totals.skipped} tests were skipped.`);
  if (stopping.aborted) console.log(`Stopped: ${stopping.reason}.`);
  // A step counts as one that failed, unless what failed in it is counted already, or has passed in a separate run.
  const steps = results.filter(({ name, ok }) => !ok && (name !== 'tests' || totals.failed === 0)).length;
  const failed = settled.failed + steps + (stopping.aborted ? 1 : 0);
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`${settled.passed} passed, ${failed} failed`);
}

await main();
