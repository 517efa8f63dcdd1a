// Bolt's logger on ours. What Bolt calls debug holds tokens and whole bodies: it is never written.

import type { Log } from '@bg/engine';
import { type Logger, LogLevel } from '@slack/bolt';

/** `mayWarn`: asked before each warning; over HTTP every unauthenticated request causes one. */
export function boltLogger(log: Log, mayWarn: () => boolean = () => true): Logger {
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: readonly unknown[]): void =>
      log[level]({ from: 'bolt' }, parts.map(words).join(' ').slice(0, 1000));
  const writeWarning = write('warn');
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => {
      if (mayWarn()) writeWarning(...parts);
    },
    error: write('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

const words = (part: unknown): string => (part instanceof Error ? part.message : String(part));
