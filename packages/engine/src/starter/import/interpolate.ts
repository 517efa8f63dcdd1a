// Variables in a compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME:?error}`,
// `$$`. Only defaults of the file are used: the environment of this shell is not that of the service.

import { isMapping } from './read-yaml.ts';

const variable = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)((?::?[-+?](?:[^{}]|\$\{[^{}]*\})*)?)\})/g;
const mostNested = 5;

/** `missing`: names without a value, in the order of their first use. */
export function interpolate(text: string, depth = 0): { readonly text: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  const filled = text.replace(variable, (all, plain?: string, braced?: string, more = '') => {
    if (all === '$$') return '$';
    const [, operator, rest = ''] = /^:?([-+?])(.*)$/s.exec(more) ?? [];
    if (operator === '+') return '';
    if (operator === '-' && depth < mostNested) {
      const inner = interpolate(rest, depth + 1);
      missing.push(...inner.missing);
      return inner.text;
    }
    missing.push(plain ?? braced ?? '');
    return '';
  });
  return { text: filled, missing: [...new Set(missing)] };
}

/** Every text of a value. `open`: names without a value, by the path of the text. */
export function interpolateAll(
  value: unknown,
  path: readonly string[] = [],
  open = new Map<string, readonly string[]>(),
): { readonly value: unknown; readonly open: ReadonlyMap<string, readonly string[]> } {
  if (typeof value === 'string') {
    const { text, missing } = interpolate(value);
    if (missing.length > 0) open.set(path.join('.'), missing);
    return { value: text, open };
  }
  const inside = (each: unknown, key: string): unknown => interpolateAll(each, [...path, key], open).value;
  if (Array.isArray(value)) return { value: value.map((each, index) => inside(each, String(index))), open };
  if (!isMapping(value)) return { value, open };
  return { value: Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each, key)])), open };
}
