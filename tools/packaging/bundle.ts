// One file for each app instead of several hundred: what they share is in files beside them.

import { join } from 'node:path';
import type { ProgramName } from '@bg/engine';
import { type Plugin, rolldown } from 'rolldown';

/** Loaded from node_modules at run time: native code, WebAssembly, threads of their own, and what is loaded by need. */
export const external = [
  '@slack/bolt',
  '@slack/web-api',
  'better-sqlite3',
  'dockerode',
  'ical.js',
  'libpg-query',
  'pino',
  'pino-pretty',
  'temporal-polyfill',
] as const;

const apps = {
  bg: 'apps/cli/src/main.ts',
  'bg-slack-bot': 'apps/slack-bot/src/main.ts',
  'bg-webhook': 'apps/webhook/src/main.ts',
} as const;

/** What an app starts as a process or thread of its own. */
const programs: Readonly<Record<ProgramName, string>> = {
  collector: 'packages/engine/src/load-balancer/haproxy/collector/main.ts',
  'dialect-mariadb': 'packages/engine/src/migrator/mariadb/dialect.ts',
  'dialect-postgres': 'packages/engine/src/migrator/postgres/dialect.ts',
  'dialect-sqlite': 'packages/engine/src/migrator/sqlite/dialect.ts',
  'lint-worker': 'packages/engine/src/migrator/lint-worker.ts',
  'nginx-health': 'packages/engine/src/load-balancer/nginx/health/main.ts',
  proxy: 'apps/proxy/src/main.ts',
  'sqlite-connection': 'packages/engine/src/migrator/sqlite/connection-main.ts',
};

/** The programs that a person or a service manager starts. */
export const launched = Object.keys(apps) as readonly (keyof typeof apps)[];

export interface Bundled {
  /** Names of files in the folder. */
  readonly files: readonly string[];
  /** Absolute paths of the modules that are part of it. */
  readonly modules: readonly string[];
}

/** What a module loads as CommonJS becomes a part of the bundle too: without its own `require`, the bundler sees the call. */
const requiredToo: Plugin = {
  name: 'required-too',
  transform: (code) => code.replace('const require = createRequire(import.meta.url);', ''),
};

/** Writes the apps and what they start into `folder`. `root`: of the repository. */
export async function bundle(root: string, folder: string): Promise<Bundled> {
  const inputs = Object.entries({ ...apps, ...programs }).map(([name, file]) => [name, join(root, file)]);
  const build = await rolldown({
    input: Object.fromEntries(inputs),
    cwd: root,
    platform: 'node',
    external: [...external],
    plugins: [requiredToo],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`the bundle: ${log.message}`);
    },
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'shared-[name]-[hash].mjs',
    // Names stay: stacks of errors and `LOG_LEVEL=debug` are read by people.
    minify: { compress: true, mangle: false, codegen: true },
  });
  await build.close();
  const chunks = output.filter((each) => each.type === 'chunk');
  return { files: output.map(({ fileName }) => fileName), modules: chunks.flatMap(({ moduleIds }) => moduleIds) };
}
