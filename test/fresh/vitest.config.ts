import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['runtimes.fresh.ts'], reporters: ['default'] } });
