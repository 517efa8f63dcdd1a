// A connection of OpenSSH's own client, over which a socket of another machine is seen as one of this machine: its configuration,
// keys and known hosts count. It asks nobody for anything, and ends with this process, however that ends: it reads from it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { poll } from './poll.ts';

export interface Tunnel {
  readonly socket: string;
  readonly isOpen: () => boolean;
  /** Its last line, which says why what went into it did not come out. */
  readonly said: () => string | undefined;
}

export interface TunnelRequest {
  /** The arguments of ssh, with the path of the socket on this machine. Its command reads until its input ends. */
  readonly words: (socket: string) => readonly string[];
  readonly limitMs: number;
  readonly clock: Clock;
}

const pollMs = 20;

/** @throws Error that says why there is none: a key that is refused, a host that is not the known one, no answer */
export async function openTunnel({ words, limitMs, clock }: TunnelRequest): Promise<Tunnel> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-ssh-'));
  const socket = join(folder, 'socket');
  // In its own group: a Ctrl-C in the terminal is for this process.
  const child = spawn('ssh', [...words(socket)], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  const state: { ended: boolean; said: string | undefined } = { ended: false, said: undefined };
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const end = () => {
    state.ended = true;
    process.off('exit', remove);
    remove();
  };
  child.stderr?.on('data', (bytes) => {
    state.said = lastLine(String(bytes)) ?? state.said;
  });
  child.stdin?.on('error', () => undefined);
  child.once('error', (thrown) => {
    state.said = `it cannot be executed (${thrown.message})`;
    end();
  });
  // After its last line was read.
  child.once('close', end);
  process.once('exit', remove);
  await poll(() => state.ended || existsSync(socket), { clock, everyMs: pollMs, limitMs });
  if (state.ended || !existsSync(socket)) {
    child.kill('SIGKILL');
    throw new Error(`ssh: ${state.said ?? 'no connection in time'}`);
  }
  letEnd(child);
  return { socket, isOpen: () => !state.ended, said: () => state.said };
}

/** A command that has done its work ends although the connection is open. */
function letEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref?(): void } | null)?.unref?.();
}

const lastLine = (text: string): string | undefined =>
  text.trim().split('\n').at(-1)?.trim().slice(0, 500) || undefined;
