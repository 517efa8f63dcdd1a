// Looking into a service's own JSON by a dotted path, for health fields and smoke tests.

import { withoutMark } from '../lib/text-file.ts';

/** `items.0.name` in `{"items":[{"name":"tea"}]}` is `tea`; undefined where the path leads nowhere. */
export function valueAt(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string, unknown>)[key];
  }, json);
}

/** The body as JSON, with or without a byte order mark; undefined when it is none (JSON itself has no undefined). */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(withoutMark(body));
  } catch {
    return undefined;
  }
}

/** A value as it may stand in a sentence: JSON on one line, at most `limit` characters. */
export function excerptOf(value: unknown, limit = 200): string {
  return excerpt(value === undefined ? 'nothing' : JSON.stringify(value), limit);
}

/** Text from outside as it may stand in a sentence: on one line, without control characters, at most `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
