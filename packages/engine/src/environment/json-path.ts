// Looking into a service's own JSON by a dotted path, for health fields and smoke tests.

import { withoutMark } from '../lib/text-file.ts';

/** The path of an answer as a whole, for services that answer `true` or a bare word. */
export const wholeAnswer = '$';

/**
 * `items.0.name` in `{"items":[{"name":"tea"}]}` is `tea`; undefined where the path leads nowhere. A key may hold dots, as
 * names of classes do: the shortest keys that lead somewhere count.
 */
export function valueAt(json: unknown, path: string): unknown {
  return path === wholeAnswer ? json : follow(json, path.split('.'));
}

function follow(value: unknown, parts: readonly string[]): unknown {
  if (parts.length === 0) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (let taken = 1; taken <= parts.length; taken += 1) {
    const key = parts.slice(0, taken).join('.');
    if (!Object.hasOwn(value, key)) continue;
    const found = follow((value as Record<string, unknown>)[key], parts.slice(taken));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether it is one of the values as a configuration writes them: `true` and `1` also match as texts. */
export function isAmong(values: readonly unknown[], value: unknown): boolean {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return values.includes(value) || (isScalar && values.includes(String(value)));
}

/** The body as JSON, with or without a byte order mark; undefined when it is none (JSON itself has no undefined). */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(withoutMark(body));
  } catch {
    return undefined;
  }
}

/** A value in a form for a sentence: JSON on one line, at most `limit` characters. */
export function excerptOf(value: unknown, limit = 200): string {
  return excerpt(value === undefined ? 'nothing' : JSON.stringify(value), limit);
}

/** Text from outside in a form for a sentence: on one line, no control characters, at most `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
