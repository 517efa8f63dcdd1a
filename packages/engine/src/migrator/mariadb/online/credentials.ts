// What a tool logs in with: a defaults file that only its own account may read, in a separate folder. The password is
// in no argument and in no line of a log; the next run removes what a killed process left.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownMark, startTicksOf } from '../../../lib/process-mark.ts';
import type { Address } from '../address.ts';

const prefix = 'bg-online-';

export async function withDefaultsFile<T>(address: Address, work: (path: string) => Promise<T>): Promise<T> {
  removeLeftBehind();
  const { pid, startTicks } = ownMark();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${pid}-${startTicks}-`));
  try {
    const path = join(folder, 'client.cnf');
    writeFileSync(path, defaultsOf(address), { mode: 0o600, flag: 'wx' });
    return await work(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Read by the client libraries of MariaDB and MySQL, and by gh-ost. */
export function defaultsOf({ user, password, host, port, socket }: Address): string {
  const place = socket === undefined ? { host, port: String(port) } : { socket };
  const entries = Object.entries({ user, password, ...place });
  return `[client]\n${entries.map(([key, value]) => `${key}="${escaped(value)}"\n`).join('')}`;
}

const escaped = (value: string): string => value.replaceAll(/["\\]/g, '\\$&');

/** As it is, and as it is written into the file. */
export const secretsOf = ({ password }: Address): readonly string[] =>
  password === '' ? [] : [...new Set([escaped(password), password])];

/** Of processes of this machine that have ended. */
function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, ticks] = /^bg-online-(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || startTicksOf(Number(pid)) === Number(ticks)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // another account's, which removes it itself
    }
  }
}
