#!/usr/bin/env node
// The command of the package, plain JavaScript for any Node: hands over to the bundle where this Node is new enough, else
// to the Node that the package brings for Linux.

import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const least = 24;
const program = 'bg';
const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const bundle = join(folder, 'lib', `${program}.mjs`);

if (Number.parseInt(process.versions.node, 10) >= least) {
  const cache = cacheFolder();
  if (cache !== undefined) nodeModule.enableCompileCache?.(cache);
  await import(bundle);
} else handOver();

/** Each user's own, so that nobody can give another user code; none where that user's folder belongs to another. */
function cacheFolder() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
  try {
    const owner = home && statSync(existsSync(home) ? home : dirname(home)).uid;
    return owner === process.geteuid?.() ? join(home, 'bluegreen') : undefined;
  } catch {
    return undefined;
  }
}

function handOver() {
  const require = nodeModule.createRequire(import.meta.url);
  const node = brought(require);
  if (node === undefined) {
    console.error(`Node ${process.version} is too old for ${program}: it needs Node ${least} or later.`);
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} does not start: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function brought(require) {
  try {
    return join(dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`)), 'bin', 'node');
  } catch {
    return undefined;
  }
}
