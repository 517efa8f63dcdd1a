// Values of env files never reach our messages: they are masked wherever a service's own log is quoted.

import { readEnvFile } from '../lib/env-file.ts';

const shortestSecret = 4;

/** What to mask. A value over several lines is masked line by line, as logs are quoted so. */
export function secretValues(envFiles: readonly string[]): readonly string[] {
  const values = envFiles.flatMap((file) => {
    try {
      // Also of a file that has become invalid since the start: what can be read of it is masked.
      return Object.values(readEnvFile(file).values);
    } catch {
      return []; // Gone since the start: what it held cannot be known any more.
    }
  });
  const texts = values.flatMap((value) => value.split('\n').map((line) => line.trim()));
  // Longest first: a short value may be a part of a long one.
  return [...new Set(texts)].filter((text) => text.length >= shortestSecret).toSorted((a, b) => b.length - a.length);
}

export function mask(lines: readonly string[], secrets: readonly string[]): readonly string[] {
  return lines.map((line) => secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line));
}
