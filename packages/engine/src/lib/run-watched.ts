// A command that works for hours: its lines are passed on while it runs, it is asked to end before it is killed, and it
// ends with this process, so that no command continues unseen.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pause, sleepUnref, systemClock } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';

export interface WatchedCommand {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment of the command; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Between the request to end and the end by force. */
  readonly graceMs: number;
  /** Both outputs, line by line, as they come. */
  readonly onLine: (line: string) => void;
  /** With its process id, before its first line. */
  readonly onStart?: (pid: number) => Promise<void>;
}

export type WatchedEnd =
  /** `code` is null where a signal ended it that this process did not send. */
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'stopped' };

type Started = ChildProcessByStdio<Writable, Readable, Readable>;

const longestLine = 2_000;
/** What a command started in its own process group may still hold the output open. */
const outputMs = 2_000;

/** Resolves when the command and all its processes have ended. @throws `exec-not-found`; what `onStart` throws */
export async function runWatched(command: WatchedCommand): Promise<WatchedEnd> {
  const child = await started(command);
  const exited = exitOf(child);
  const read = [child.stdout, child.stderr].map((stream) => readLines(stream, command.onLine));
  const over = new AbortController();
  const ending = endInTime(command, child, over.signal);
  try {
    await isReady(child);
    await command.onStart?.(child.pid as number);
    child.stdin.end('go\n');
    const ended = await exited;
    await Promise.race([Promise.all(read), sleepUnref(outputMs)]);
    over.abort();
    return (await ending) ?? ended;
  } finally {
    over.abort();
    signalGroup(child, 'SIGKILL');
    await exited;
    await ending;
  }
}

async function started({ argv, env }: WatchedCommand): Promise<Started> {
  const [file, ...args] = endingWithParent(whenReported(argv));
  const child = spawn(file, args, { env: { ...env }, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // it has ended by itself
  try {
    await once(child, 'spawn');
    return child as Started;
  } catch (thrown) {
    throw new BlueGreenError('exec-not-found', `${argv[0]} cannot be executed: ${messageOf(thrown)}`, {}, thrown);
  }
}

/** From here on it ends with this process. */
async function isReady({ stdio: [, , , said] }: Started): Promise<void> {
  for await (const _ of said as Readable) return;
}

/** It begins when `onStart` has noted its process id, and not at all where this process is killed before. */
const whenReported = (argv: WatchedCommand['argv']): WatchedCommand['argv'] => [
  '/bin/sh',
  ...['-c', 'echo >&3 && exec 3>&- && read -r _ && exec "$@" < /dev/null', 'sh', ...argv],
];

/** The kernel ends it when this process is killed; where there is no setpriv it ends by its broken output at most. */
function endingWithParent(argv: WatchedCommand['argv']): WatchedCommand['argv'] {
  const program = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return program === undefined ? argv : [program, '--pdeathsig', 'KILL', '--', ...argv];
}

async function exitOf(child: ChildProcess): Promise<WatchedEnd> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { kind: 'ended', code, signal };
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  // What draws progress over itself ends its lines with a carriage return.
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line.trim() !== '') onLine(line.trimEnd().slice(0, longestLine));
}

/** @returns why it was ended; undefined when it ended by itself, which `over` says */
async function endInTime(
  { timeoutMs, signal, graceMs }: WatchedCommand,
  child: ChildProcess,
  over: AbortSignal,
): Promise<WatchedEnd | undefined> {
  const isWhole = await pause(systemClock, timeoutMs, AbortSignal.any([signal, over]));
  if (over.aborted) return undefined;
  signalGroup(child, 'SIGTERM');
  if (await pause(systemClock, graceMs, over)) signalGroup(child, 'SIGKILL');
  return { kind: isWhole ? 'timed-out' : 'stopped' };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // none of it is left
  }
}
