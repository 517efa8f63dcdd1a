// What is wrong with a configuration: where, what was expected, what was found. Never the value of a secret.

import { type Path, shortText } from './path.ts';

export interface ConfigProblem {
  /** An `error` stops; a `warning` is only reported. */
  readonly severity: 'error' | 'warning';
  /** `services.shop.targets.production.slots.blue.port`; empty for the file as a whole. */
  readonly path: string;
  /** Both from 1; undefined when the problem has no place in the text. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
}

/** A problem before its place in the text is looked up. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
  readonly message: string;
}

export const error = (path: Path, message: string): Finding => ({ severity: 'error', path, message });
export const warning = (path: Path, message: string): Finding => ({ severity: 'warning', path, message });

/** `bluegreen.yaml:12:5 services.shop.channel: expected …, found …`, one line. */
export function formatProblem(file: string, { severity, path, line, column, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return [place, ...(severity === 'warning' ? ['warning:'] : []), ...(path === '' ? [] : [`${path}:`]), message].join(
    ' ',
  );
}

const secretKeys = new Set(['token', 'secret', 'env', 'headers', 'body', 'json', 'command']);
const looksSecret = /^(xox[a-z]-|xapp-|gh[a-z]_|github_pat_|glpat-|sk-|AKIA|eyJ)/;
const shownAtMost = 40;

/** The value in words. `hidden`: it came out of a variable, so no part of it is shown. */
export function describeFound(
  value: unknown,
  at: { readonly path: Path; readonly hidden: boolean; readonly kindOnly: boolean },
): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (at.hidden) return 'the value of a variable, which does not fit';
  if (at.kindOnly || at.path.some((key) => typeof key === 'string' && secretKeys.has(key))) return `a ${kindOf(value)}`;
  return typeof value === 'string' ? describeText(value) : String(value);
}

function describeText(value: string): string {
  if (value === '') return 'an empty text';
  if (looksSecret.test(value)) return 'a text that looks like a secret';
  return value.length > shownAtMost ? `a text of ${value.length} characters` : shortText(value);
}

function kindOf(value: unknown): string {
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'yes or no' : 'number';
}
