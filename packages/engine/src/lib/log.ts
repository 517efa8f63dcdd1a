// Logging for every process: pino, JSON unless a terminal reads it. Redacts secrets by name before writing.

import { writeSync } from 'node:fs';
import { type Logger, pino, stdTimeFunctions, transport } from 'pino';
import { messageOf } from './errors.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

export interface LogOptions {
  readonly name: string;
  /** `LOG_LEVEL`: a pino level name. */
  readonly level?: string;
  readonly terminal: boolean;
  /** Takes the JSON lines instead of stdout: the command line keeps stdout for its answers. */
  readonly destination?: { write(line: string): void };
}

const secretNames = ['token', 'secret', 'password', 'authorization', 'signingSecret', 'DATABASE_URL'];

export function createLog({ name, level = 'info', terminal, destination }: LogOptions): Logger {
  const options = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: secretNames.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
  };
  if (destination) return pino(options, destination);
  return terminal
    ? pino(options, transport({ target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } }))
    : pino(options, lossy(1));
}

/**
 * A file descriptor that may refuse writes: a full disk, a reader that has left. Lines are lost then and counted; the
 * process continues, which it would not with pino's own destination.
 */
export function lossy(fd: number, write: typeof writeSync = writeSync): { write(line: string): void } {
  let lost = 0;
  let isCut = false;
  let problem = '';
  const put = (text: string): boolean => {
    try {
      for (let rest = Buffer.from(text); rest.length > 0; ) {
        rest = rest.subarray(write(fd, rest));
        isCut = rest.length > 0;
      }
      return true;
    } catch (thrown) {
      problem = messageOf(thrown);
      return false;
    }
  };
  return {
    write: (line) => {
      const lead = isCut ? '\n' : '';
      const note = JSON.stringify({ level: 40, msg: `${lost} lines lost: ${problem}` });
      if (put(lost === 0 ? `${lead}${line}` : `${lead}${note}\n${line}`)) lost = 0;
      else lost += 1;
    },
  };
}

export const silentLog: Log = pino({ level: 'silent' });
