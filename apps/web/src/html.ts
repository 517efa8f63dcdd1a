// HTML by a tagged template that escapes every value: only what this template made is markup.

import { cleanText } from '@bg/engine';

const made = new WeakSet<object>();

export interface Html {
  readonly markup: string;
}

/** Nothing is written for `undefined`, `false` and an empty list. */
export type HtmlValue = string | number | Html | false | undefined | readonly HtmlValue[];

export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const pieces = strings.map((text, index) => `${text}${index < values.length ? written(values[index]) : ''}`);
  const result = Object.freeze({ markup: pieces.join('') });
  made.add(result);
  return result;
}

function written(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  if (isList(value)) return value.map(written).join('');
  // An object that came from outside as JSON may have a key of this name.
  if (!made.has(value)) throw new TypeError('a page was given an object that is no HTML');
  return value.markup;
}

const isList = (value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] => Array.isArray(value);

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Safe as text and within quotes of an attribute. */
const escaped = (text: string): string => cleanText(text).replace(/[&<>"']/g, (sign) => signs[sign] ?? '');

/** Several lines, such as those of a log: each is cleaned, the breaks stay. */
export const lines = (all: readonly string[]): readonly HtmlValue[] =>
  all.flatMap((line, index) => (index === 0 ? [line] : [html`\n`, line]));
