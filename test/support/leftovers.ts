// Which processes of a stage's releases live now, no matter which process started them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pids of every process that was started with this stage's folder in its environment: the sides, not the balancer. */
export function sidesAlive(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).some((entry) => entry.startsWith('SHOP_LEDGER=') && entry.includes(folder)))
    .map(Number);
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(join('/proc', pid, 'environ'), 'utf8').split('\0');
  } catch {
    return []; // it ended meanwhile, or is not ours
  }
}

/** The embedded balancer of this stage: its arguments are files in the stage's folder. */
export function balancerPid(folder: string): number {
  const [pid] = namingProxyFiles(folder).filter((found) => !isShell(found));
  if (pid === undefined) throw new Error(`no balancer runs for ${folder}`);
  return pid;
}

/** With its watcher, which would have it back before it is missed. */
export function killBalancerForGood(folder: string): void {
  const pids = namingProxyFiles(folder);
  for (const pid of [...pids.filter(isShell), ...pids.filter((found) => !isShell(found))]) process.kill(pid, 'SIGKILL');
}

const namingProxyFiles = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => argumentsOf(name).some((word) => word.startsWith(`${folder}/state/proxy/`)))
    .map(Number);

/** The watcher, whose arguments are the balancer's. */
const isShell = (pid: number): boolean => argumentsOf(String(pid))[0] === '/bin/sh';

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(join('/proc', pid, 'cmdline'), 'utf8').split('\0');
  } catch {
    return [];
  }
}
