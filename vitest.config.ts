import { defineConfig } from 'vitest/config';

// One file at a time: the tests start real processes on a small, noisy machine, and each asserts generous bounds only.
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    environment: 'node',
  },
});
