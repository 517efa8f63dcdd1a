// `npm run test:hostile [-- part-of-a-path …]`: every `*.hostile.ts`, attacks and faults that take too long for `npm test`.
// It ends with one line of counts, and with 0 only when nothing failed.

import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installPrograms, type ProgramName, programs } from './check/programs.ts';
import { readReport } from './check/report.ts';
import { runStep } from './check/step.ts';
import { untilSignalled } from './stack/ending.ts';

const root = resolve(import.meta.dirname, '..');
const config = join(root, 'test/hostile/vitest.config.ts');
const report = join(root, '.hostile-report.json');
const limitMs = 60 * 60_000;

async function main(filters: readonly string[]): Promise<void> {
  const stopped = untilSignalled();
  for (const program of installPrograms(Object.keys(programs) as ProgramName[], process.env.PATH ?? ''))
    console.log(`${program} is missing and cannot be installed: ${programs[program]} is skipped or fails.`);
  rmSync(report, { force: true });
  const argv = ['vitest', 'run', '--config', config, ...filters] as const;
  const { ok, how, seconds } = await runStep({ name: 'hostile tests', argv, limitMs }, root, stopped);
  if (!existsSync(report)) console.log(`There is no report: vitest ended with ${how}.`);
  const { passed, failed, skipped, failures } = readReport(report, { workspace: 'test', called: 'hostile' });
  console.log('');
  for (const { sentence } of failures) console.log(`  ${sentence}`);
  // An error outside of any test fails the run and is in no report.
  const unreported = !ok && failed === 0 ? 1 : 0;
  process.exitCode = ok ? 0 : 1;
  console.log(`hostile tests took ${seconds} s (${how})`);
  console.log(`${passed} passed, ${failed + unreported} failed, ${skipped} skipped`);
}

await main(process.argv.slice(2));
