// A new clone on a machine that has another Node and npm than this one: both come from their packages.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
const installMs = 180_000;
const startMs = 180_000;
const stopMs = 60_000;
const banner = 'Ctrl-C stops everything';

export interface Pair {
  /** Major versions. */
  readonly node: number;
  readonly npm: number;
}

/** What people have: what each Node is shipped with, and the newest npm that runs on it. */
export const pairs: readonly Pair[] = [
  { node: 18, npm: 9 },
  { node: 18, npm: 10 },
  { node: 20, npm: 10 },
  { node: 20, npm: 11 },
  { node: 22, npm: 10 },
  { node: 22, npm: 11 },
  { node: 24, npm: 11 },
];

export interface FirstHour {
  /** Major versions that the clone was really run with. */
  readonly pair: Pair;
  /** Everything `npm start` printed, until it ended. */
  readonly started: string;
  /** Of npm itself: its exit code, or the signal that ended it. */
  readonly ended: number | NodeJS.Signals | null;
  /** What `npm run bg -- --version` printed. */
  readonly version: string;
}

/** Clones, runs `npm start` to its banner, ends it by Ctrl-C, and asks `bg` for its version. Removes all of it. */
export async function firstHour(pair: Pair): Promise<FirstHour> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-f-'));
  try {
    const env = environmentOf(folder, pair);
    const clone = join(folder, 'clone');
    execFileSync('git', ['clone', '--quiet', repository, clone]);
    const run = (command: string, ...args: readonly string[]): string =>
      execFileSync(command, args, { cwd: clone, env, encoding: 'utf8', timeout: installMs });
    const { started, ended } = await startAndStop(clone, env);
    return {
      pair: { node: majorOf(run('node', '--version')), npm: majorOf(run('npm', '--version')) },
      started,
      ended,
      version: run('npm', 'run', '--silent', 'bg', '--', '--version').trim(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function environmentOf(folder: string, { node, npm }: Pair): NodeJS.ProcessEnv {
  const runtime = `node-${process.platform}-${process.arch}`;
  const packages = [`${runtime}@${node}`, `npm@${npm}`];
  const env = withoutOurs();
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', folder, ...quiet, ...packages], {
    cwd: folder,
    env,
    timeout: installMs,
  });
  const modules = join(folder, 'node_modules');
  const path = [join(modules, runtime, 'bin'), join(modules, '.bin'), '/usr/local/bin:/usr/bin:/bin'].join(':');
  return { ...env, PATH: path };
}

/**
 * The machine's environment (its proxy, its certificates) without what npm, vitest, nx and Node of this run have put into
 * it: they name this run's npm, and a clone that uses it shows nothing.
 */
function withoutOurs(): NodeJS.ProcessEnv {
  const ours = /^(npm_|NX_|VITEST|INIT_CWD$|NODE_(?!EXTRA_CA_CERTS$))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

async function startAndStop(clone: string, env: NodeJS.ProcessEnv): Promise<Pick<FirstHour, 'started' | 'ended'>> {
  const child = spawn('npm', ['start'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let started = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (started += String(chunk)));
  const end = new Promise<FirstHour['ended']>((resolve) => {
    child.once('exit', (code, by) => resolve(by ?? code));
  });
  const over = end.then(() => true);
  for (const late = Date.now() + startMs; Date.now() < late && !started.includes(banner); )
    if (await Promise.race([over, pause(100)])) break;
  signal(child, 'SIGINT');
  const late = setTimeout(() => signal(child, 'SIGKILL'), stopMs);
  const ended = await end;
  clearTimeout(late);
  return { started, ended };
}

/** To the whole group, as a terminal does. */
function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name);
}

const pause = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(resolve, ms, false));

const majorOf = (version: string): number => Number(/\d+/.exec(version)?.[0]);
