import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');

// One file at a time: each starts real processes and takes the machine's disk, clock or ports for itself.
export default defineConfig({
  root,
  test: {
    include: ['{packages,apps}/*/src/**/*.hostile.ts', '{test,tools,bench}/**/*.hostile.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    environment: 'node',
    // A file of `npm test` that a hostile one imports does here what takes too long there.
    env: { HOSTILE: 'yes' },
    reporters: ['default', 'json'],
    outputFile: { json: resolve(root, '.hostile-report.json') },
  },
});
