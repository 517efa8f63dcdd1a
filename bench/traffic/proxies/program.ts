// Programs that the bench runs in addition to the drivers: started, asked whether they serve, and ended, by pid.

import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processesNaming } from '../processes.ts';

const upLimitMs = 10_000;
const commandLimitMs = 20_000;

const searchPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

type Argv = readonly [string, ...string[]];

/** Lives until `endAll` ends it. */
export function launch([file, ...args]: Argv, folder: string): void {
  const log = openSync(join(folder, 'output.log'), 'a');
  const child = spawn(file, args, {
    stdio: ['ignore', log, log],
    env: { PATH: searchPath, HOME: folder },
  });
  child.on('error', () => undefined);
  closeSync(log);
}

/** To its end. @throws with what it said, when it fails. */
export async function command(
  [file, ...args]: Argv,
  folder: string,
  more: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<string> {
  const env = { PATH: searchPath, HOME: folder, ...more.env };
  const { stdout, stderr } = await promisify(execFile)(file, args, { env, timeout: more.timeoutMs ?? commandLimitMs });
  return `${stdout}${stderr}`;
}

/** `wrk` knows no harmless argument, so the folders are looked through. */
export function isInstalled(program: string): boolean {
  return searchPath.split(':').some((folder) => existsSync(join(folder, program)));
}

/** @throws when no process listens within ten seconds */
export async function listening(port: number, who: string): Promise<void> {
  for (const end = performance.now() + upLimitMs; performance.now() < end; await delay(20))
    if (await accepts(port)) return;
  throw new Error(`${who} does not listen on ${port}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const say = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', say(true)).once('error', say(false));
  });
}

/** Ends every process that names this folder, and their children. */
export async function endAll(folder: string): Promise<void> {
  for (const { pid } of processesNaming(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile, with its parent.
    }
  }
  for (let looks = 0; looks < 200 && processesNaming(folder).length > 0; looks += 1) await delay(20);
}
