import { appendFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// One file at a time: the tests start real processes on a small, noisy machine, and each asserts generous bounds only.
export default defineConfig({
  test: {
    // For a test that hangs: a machine that is ten times slower than usual stays below it.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    fileParallelism: false,
    environment: 'node',
    // The report is what tools/test.ts sums up; nx keeps it with its cache, so that the totals are right on every run.
    reporters: ['default', 'json'],
    outputFile: { json: '.test-report.json' },
    // Such an error fails the run and stands in no report.
    onUnhandledError: ({ name, message }) => appendFileSync('.test-errors.log', `${name}: ${message}\n`),
  },
});
