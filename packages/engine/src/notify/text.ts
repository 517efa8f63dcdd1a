// Text from outside on its way to people: one line, of limited length, that shows nothing else than it says.

import { inertText } from '../lib/foreign-text.ts';

/** The limit of what is read, in multiples of what is shown: a text of megabytes costs no more than a long one. */
const perShown = 8;

/** Inert in mail, on pages and in statuses too: some programs that show them interpret markup as Slack does. */
export function oneLine(text: string, most: number): string {
  const plain = inertText(text.slice(0, most * perShown));
  const characters = [...plain];
  return characters.length <= most ? plain : `${characters.slice(0, most - 1).join('')}…`;
}

/** Only what a browser opens as a page; undefined otherwise. */
export function webLink(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 2_000 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
  return isPlain ? url.href : undefined;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Every text in `values`, made harmless in HTML and in a quoted attribute. */
export function htmlSafe<T>(values: T): T {
  return deep(values, (text) => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')) as T;
}

function deep(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => deep(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, change)]));
}
