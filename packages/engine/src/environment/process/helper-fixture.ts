// The helper installed on this machine for the length of a test file, with the real sudo, and an engine of another account
// (`games`), whose slots are of `nobody`. Needs root, sudo and perl.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePorts } from '../../lib/testing/ports.ts';
import { talkingServer } from '../contract-fixture.ts';

export const helper = '/usr/local/sbin/bluegreen-slot';
export const list = '/etc/bluegreen/slots.conf';
export const [games, nobody] = [5, 65_534];
export const slot = 'shop.production.blue';
const shipped = join(import.meta.dirname, '../../../../../deploy/helper');
const needed = ['/usr/bin/sudo', '/usr/bin/perl', '/usr/bin/setpriv', '/sys/fs/cgroup/pids/cgroup.procs'];
export const canTry = process.getuid?.() === 0 && needed.every(existsSync) && ![helper, list].some(existsSync);

interface Answer {
  readonly value?: Record<string, unknown>;
  readonly code?: string;
  readonly message?: string;
}

export type HelpedMachine = Awaited<ReturnType<typeof installHelper>>;

/** Lists `shop` for nobody, its green slot for root, and `web` for nobody with the group daemon. */
export async function installHelper() {
  const folder = mkdtempSync(join(tmpdir(), 'bg-helper-'));
  for (const path of [folder, join(folder, 'releases')]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
    chownSync(path, games, 60);
  }
  const [port = 0] = await freePorts(1);
  const rule = `/etc/sudoers.d/bluegreen-test-${process.pid}`;
  install(folder, rule);
  const stateFolder = join(folder, 'state');
  const place = { service: 'shop', target: 'production', slot: 'blue', port } as const;
  const engine = (act: string, ...given: readonly unknown[]) => engineOfGames(stateFolder, act, given);
  const release = (version: string, source = talkingServer) => layRelease(folder, version, source);
  return {
    folder,
    stateFolder,
    rule,
    place,
    /** A new engine each time, as after a restart of the engine. */
    engine,
    release,
    /** @returns its process id */
    started(version: string, source?: string, more?: object): number {
      const { value, message } = engine('start', place, release(version, source), helpedSettings(more));
      if (typeof value?.pid !== 'number') throw new Error(message);
      return value.pid;
    },
    answer: async () => (await fetch(`http://127.0.0.1:${port}/`)).text(),
    remove() {
      for (const path of [helper, list, rule]) rmSync(path, { force: true });
      spawnSync('rmdir', [dirname(list)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function install(folder: string, rule: string): void {
  mkdirSync(dirname(list), { recursive: true });
  copyFileSync(join(shipped, 'bluegreen-slot'), helper);
  chmodSync(helper, 0o755);
  const lines = [
    '# a comment',
    `${slot} nobody ${folder}/releases`,
    `shop.production.green root ${folder}/releases`,
    `web.production.blue nobody:daemon ${folder}/releases`,
  ];
  writeFileSync(list, `${lines.join('\n')}\n`);
  const text = readFileSync(join(shipped, 'bluegreen.sudoers'), 'utf8').replace('\nbluegreen ALL', '\ngames ALL');
  writeFileSync(rule, text, { mode: 0o440 });
  execFileSync('/usr/sbin/visudo', ['-cf', rule]);
}

export function asGames(argv: readonly string[], options: { readonly input?: string; readonly timeout?: number } = {}) {
  const words = ['--reuid=games', '--regid=games', '--clear-groups', '--', ...argv];
  return spawnSync('/usr/bin/setpriv', words, { encoding: 'utf8', cwd: '/', timeout: 60_000, ...options });
}

/** Runs a script of this repository as games. @returns what it prints, as JSON */
export function scriptOfGames(script: string, argument: unknown): Answer {
  const { stdout, stderr } = asGames([process.execPath, script, JSON.stringify(argument)]);
  return stdout === '' ? { message: stderr } : JSON.parse(stdout);
}

function engineOfGames(stateFolder: string, act: string, given: readonly unknown[]): Answer {
  const script = join(import.meta.dirname, '../testing/engine-of-another.ts');
  return scriptOfGames(script, { stateFolder, act, arguments: given });
}

function layRelease(folder: string, version: string, source: string) {
  const own = join(folder, 'releases', version);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'server.mjs'), source);
  return { version, digest: `digest-of-${version}`, folder: own };
}

export const helpedSettings = (more: object = {}) => ({
  command: ['node', 'server.mjs'],
  env: { PATH: dirname(process.execPath), PASSWORD: 'correct-horse' },
  envFiles: [],
  requiredEnv: [],
  templates: [],
  graceMs: 10_000,
  settleMs: 400,
  minFreeDiskBytes: 1,
  minFreeMemoryBytes: 1,
  maxLogBytes: 1_000_000,
  account: { user: 'nobody' },
  ...more,
});
