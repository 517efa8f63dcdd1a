// A shell for tests: real `bg` processes on a temporary folder with the sample releases and a separate configuration.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { removeFolder } from '../../../../packages/engine/src/lib/remove-folder.ts';
import { configText, strikeSettings } from '../../../../test/support/stage.ts';
import { layReleases } from '../../../../tools/sample-shop/build-releases.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** The last line of stdout. */
  readonly json: () => Record<string, unknown>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout and stderr together hold the text; rejects with what they hold when it never comes. */
  shows(text: string): Promise<void>;
}

export interface Shell {
  readonly folder: string;
  readonly config: string;
  /** Where users connect. */
  readonly front: string;
  bg(...words: readonly string[]): Promise<Ended>;
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Started;
  /** The same configuration, but it does not list the account that runs the test. */
  readonly unauthenticatedConfig: string;
  close(): Promise<void>;
}

interface ShellOptions {
  readonly database?: boolean;
  readonly balancer?: 'embedded' | 'haproxy' | 'nginx';
  /** Of each slot; 1 unless said. */
  readonly ports?: number;
  /** What is started for `bg`, in the place of the sources: program and first arguments. */
  readonly program?: readonly [string, ...string[]];
}

/** Runs as alice; `target` is YAML of the target as the stage takes it. */
export async function openShell(
  target?: string,
  { database = false, balancer, ports = 1, program = sources }: ShellOptions = {},
): Promise<Shell> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bg-cli-')));
  await layReleases(join(folder, 'releases'));
  const [front = 0, ...both] = await freePorts(1 + 2 * ports);
  const all = { blue: both.slice(0, ports), green: both.slice(ports) };
  const [[blue = 0], [green = 0]] = [all.blue, all.green];
  const text = configText({
    folder,
    ports: { blue, green, front },
    all,
    database,
    ...(balancer === undefined ? {} : { balancer }),
    ...(target === undefined ? {} : { target }),
  });
  const config = join(folder, 'bluegreen.yaml');
  const unauthenticatedConfig = join(folder, 'strangers.yaml');
  writeFileSync(config, text.replace('slack: U0ALICE', `slack: U0ALICE, osUser: ${userInfo().username}`));
  writeFileSync(unauthenticatedConfig, text);
  const running = new Set<Started>();
  const start: Shell['start'] = (words, environment = {}) => {
    const started = run([...program, ...words], { BLUEGREEN_CONFIG: config, ...environment });
    running.add(started);
    return started;
  };
  const close = async (): Promise<void> => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all([...running].map(({ ended }) => ended));
    await strikeSettings(loadSettings({ file: config, environment: {} }));
    await removeFolder(folder);
  };
  const bg: Shell['bg'] = (...words) => start(words).ended;
  return { folder, config, unauthenticatedConfig, front: `http://127.0.0.1:${front}`, bg, start, close };
}

const main = join(import.meta.dirname, '../main.ts');
const cache = join(import.meta.dirname, '../../../../tools/compile-cache.mjs');
const sources = [process.execPath, '--import', cache, main] as const;
const showsMs = 120_000;

function run([program = '', ...words]: readonly string[], environment: Readonly<Record<string, string>>): Started {
  const { PATH = '' } = process.env;
  const child = spawn(program, words, {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  const json: Ended['json'] = () => JSON.parse(out.trim().split('\n').at(-1) ?? '');
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err, json }));
  });
  const shows = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`"${text}" is not in:\n${out}\n${err}`)), showsMs);
      const look = (): void => {
        if (!`${out}${err}`.includes(text)) return;
        clearTimeout(limit);
        resolve();
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      look();
    });
  return { child, ended, shows };
}
