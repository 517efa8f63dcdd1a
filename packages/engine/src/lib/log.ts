// Logging for every process: pino, JSON unless a terminal reads it. Secrets are redacted by name before they are written.

import { type Logger, pino, stdTimeFunctions, transport } from 'pino';

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
    : pino(options);
}

export const silentLog: Log = pino({ level: 'silent' });
