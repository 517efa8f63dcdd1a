// Text from outside (reasons, versions, log lines, error texts) must not steer a terminal: what is shown is only text.

import { stripVTControlCharacters } from 'node:util';
import { cleanText } from '@bg/engine';

/** Control characters but the tab, and what is not seen: marks of direction and of zero width. */
const unseen = /(?:(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}])+/gu;

/** One line: escape sequences and what is not seen are dropped, other control characters become one space. The tab stays. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).split('\t').map(cleanText).join('\t');
}

/** One line in which everything that a terminal might execute is escaped: `\u001b`. */
export function visible(text: string): string {
  return text.replace(unseen, escapeAll);
}

/** The same value with every text in it made plain: output for people is rendered only from this copy. */
export function plainDeep<T>(value: T): T {
  if (typeof value === 'string') return plain(value) as T;
  if (Array.isArray(value)) return value.map(plainDeep) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [plain(key), plainDeep(inner)])) as T;
}

/**
 * JSON on one line: what is not there is null, so that the keys are always the same. Text is unchanged for a program, with
 * everything escaped that a terminal might execute.
 */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_key, inner: unknown) => inner ?? null).replace(unseen, escapeAll)}\n`;
}

function escapeAll(found: string): string {
  return found
    .split('')
    .map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
