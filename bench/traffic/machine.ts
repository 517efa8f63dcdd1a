// What was measured on, in one line for the page.

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { command, isInstalled } from './proxies/program.ts';

/** What else the machine does: asked before a run adds its own. */
export const busyAtFirst = (): string =>
  `load average before the run ${loadavg()
    .slice(0, 2)
    .map((load) => load.toFixed(1))
    .join(', ')} (1 and 5 minutes)`;

export async function machineOf(): Promise<string> {
  const versions = await Promise.all([
    versionOf('nginx', ['-v'], /nginx\/(\S+)/),
    versionOf('haproxy', ['-v'], /version (\S+)/),
    versionOf('caddy', ['version'], /^v?(\d\S*)/),
  ]);
  const named = ['nginx', 'HAProxy', 'Caddy'].flatMap((name, at) => (versions[at] ? [`${name} ${versions[at]}`] : []));
  return [
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    systemName(),
    `Linux ${release()}`,
    ...named,
    `Node ${process.version.slice(1)}`,
  ].join(', ');
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown system';
  } catch {
    return 'unknown system';
  }
}

async function versionOf(program: string, args: readonly string[], pattern: RegExp): Promise<string | undefined> {
  if (!isInstalled(program)) return undefined;
  return pattern.exec(await command([program, ...args], '/tmp'))?.[1];
}
