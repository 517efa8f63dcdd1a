// The entry of every npm script: plain JavaScript for any Node from 18 on. Installs what is missing, finds the Node that
// the lock file contains, and hands over: arguments, signals, exit code.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binaries = join(root, 'node_modules', '.bin');
const entries = {
  start: 'tools/start.ts',
  tour: 'tools/tour.ts',
  test: 'tools/test.ts',
  bench: 'bench/main.ts',
  bg: 'apps/cli/src/main.ts',
  'slack-bot': 'apps/slack-bot/src/main.ts',
  webhook: 'apps/webhook/src/main.ts',
  manifest: 'apps/slack-bot/src/slack/manifest-main.ts',
  screenshots: 'apps/slack-bot/src/testing/screenshots-main.ts',
  schema: 'tools/generate-schema.ts',
  hostile: 'tools/hostile.ts',
  crash: 'test/crash/main.ts',
  package: 'tools/packaging/main.ts',
};
/** Programs of the dependencies, run by the same Node: `node tools/run.mjs nx …`. */
const programs = ['biome', 'knip', 'nx', 'vitest'];
const leastToInstall = [18, 0];
/** From here on Node runs TypeScript by itself and knows `await using`. */
const leastToRun = [24, 0];
/** A terminal's Ctrl-C arrives from the terminal and once more from npm: within this time it is one. */
const sameKeypressMs = 1_000;
const npmLookMs = 1_000;

function main() {
  const [command, ...args] = process.argv.slice(2);
  const isEntry = Object.hasOwn(entries, command ?? '');
  if (!isEntry && !programs.includes(command))
    return give(2, `usage: node tools/run.mjs ${[...Object.keys(entries), ...programs].join('|')} [arguments]`);
  if (!isAtLeast(process.version, leastToInstall))
    return give(1, `Node ${process.version} is too old: this needs Node ${leastToInstall[0]} or later to begin with.`);
  const missing = whatIsMissing();
  if (missing !== undefined && !install(missing)) return;
  const node = findNode();
  if (node === undefined)
    return give(
      1,
      `Node ${process.version} cannot run this: Node ${leastToRun.join('.')} or later is needed, and the lock file brings one for Linux on x64 and arm64 only. Install it from https://nodejs.org and try again.`,
    );
  const argv = isEntry ? [join(root, entries[command]), ...args] : [realpathSync(join(binaries, command)), ...args];
  handOver(node, argv);
}

/** A sentence, or undefined when everything that the lock file names is there in that very version. */
function whatIsMissing() {
  const wanted = readLock(join(root, 'package-lock.json'));
  const present = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) return undefined;
  if (present === undefined) return 'nothing is installed yet';
  for (const [path, { version, link, optional, devOptional }] of Object.entries(wanted)) {
    if (link || optional || devOptional || !path.includes('node_modules/')) continue;
    if (present[path]?.version !== version)
      return `${path.replace(/^.*node_modules\//, '')} ${version} is not installed`;
  }
  return undefined;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install(why) {
  console.error(`${why}: running npm ci (once, a minute or so)`);
  const npm = process.env.npm_execpath;
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(program, [...first, 'ci'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status === 0) return true;
  give(1, `npm ci failed (${error?.message ?? `exit code ${status}`}); see its lines above.`);
  return false;
}

/**
 * The lock file's own Node, else the one that runs this file. Found by its package: npm links it into .bin from
 * version 11 on only.
 */
function findNode() {
  const ours = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(ours)) {
    const { status, stdout } = spawnSync(ours, ['--version'], { encoding: 'utf8' });
    if (status === 0 && isAtLeast(stdout.trim(), leastToRun)) return ours;
  }
  return isAtLeast(process.version, leastToRun) ? process.execPath : undefined;
}

function isAtLeast(version, [major, minor]) {
  const [ownMajor = 0, ownMinor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/**
 * The child has its own process group, so that a terminal's Ctrl-C reaches it through us, once. The channel between
 * us shows it when we end without a message.
 */
function handOver(node, argv) {
  const path = [dirname(node), binaries, process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(node, argv, {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled') },
  });
  child.on('error', (error) => give(1, `${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
  const forwarded = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      const now = Date.now();
      if (now - (forwarded.get(signal) ?? 0) < sameKeypressMs) return;
      forwarded.set(signal, now);
      child.kill(signal);
    });
  if (process.env.npm_lifecycle_event !== undefined) endWithNpm(child);
}

/** npm killed outright cannot notify us; the system gives us another parent then. */
function endWithNpm(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGHUP');
  }, npmLookMs);
  timer.unref();
}

function give(code, sentence) {
  console.error(sentence);
  process.exitCode = code;
}

main();
