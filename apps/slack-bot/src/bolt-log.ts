// Bolt's logger on ours. What Bolt calls debug holds tokens and whole bodies: it is never written.

import type { Log } from '@bg/engine';
import { type Logger, LogLevel } from '@slack/bolt';

export function boltLogger(log: Log): Logger {
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: readonly unknown[]): void =>
      log[level]({ from: 'bolt' }, parts.map(words).join(' ').slice(0, 1000));
  return {
    debug: () => {},
    info: () => {},
    warn: write('warn'),
    error: write('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

const words = (part: unknown): string => (part instanceof Error ? part.message : String(part));
