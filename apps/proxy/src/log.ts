// One JSON line per event on stdout, which the driver has turned into a file. Never a line per request, never a secret.

import { fstatSync, ftruncateSync, writeSync } from 'node:fs';

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** For events that users or a broken service can cause any number of times: writes at most a few lines a second. */
  trouble(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const troublesPerSecond = 5;

export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
  let second = 0;
  let written = 0;
  let suppressed = 0;

  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    write(
      `${JSON.stringify({ time: new Date(now()).toISOString(), level, pid: process.pid, msg: message, ...fields })}\n`,
    );

  return {
    info: (message, fields) => line('info', message, fields),
    error: (message, fields) => line('error', message, fields),
    trouble: (message, fields) => {
      const current = Math.floor(now() / 1000);
      if (current !== second) {
        if (suppressed > 0) line('warn', 'more lines like these were left out', { count: suppressed });
        second = current;
        written = 0;
        suppressed = 0;
      }
      if (written++ < troublesPerSecond) line('warn', message, fields);
      else suppressed++;
    },
  };
}

/**
 * Writes to a descriptor that was opened for append. A file that reaches `maxBytes` is emptied: it shows what happened
 * lately, and there may be no other process to rotate it.
 */
export function boundedWriter(descriptor: number, maxBytes: number): (line: string) => void {
  const isFile = fstatSync(descriptor).isFile();
  return (line) => {
    try {
      if (isFile && fstatSync(descriptor).size > maxBytes) ftruncateSync(descriptor);
      writeSync(descriptor, line);
    } catch {
      // A full disk must not stop requests from being answered, and there is no other place to report it.
    }
  };
}

/** The sentence of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
