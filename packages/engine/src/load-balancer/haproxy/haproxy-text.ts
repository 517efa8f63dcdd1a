// Values as words of HAProxy's language. What could be more than a value is refused.

import type { Endpoint } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';

/** Letters, digits, hyphens and underscores mean nothing else anywhere in HAProxy's language. */
export const word = (text: string, what: string): string => fitting(text, /^[A-Za-z0-9_-]{1,64}$/, what);

export const path = (text: string, what: string): string => fitting(text, /^\/[A-Za-z0-9._/@+-]{1,200}$/, what);

export const hostName = (text: string, what: string): string => fitting(text, /^[A-Za-z0-9:._-]{1,253}$/, what);

export function whole(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new BlueGreenError('config-invalid', `${what} must be a whole number, not ${value}`);
}

export function address({ host, port }: Endpoint): string {
  const name = hostName(host, 'the host');
  return `${name.includes(':') ? `[${name}]` : name}:${whole(port, 'the port')}`;
}

export function fitting(text: string, pattern: RegExp, what: string): string {
  if (pattern.test(text)) return text;
  throw new BlueGreenError(
    'config-invalid',
    `${what} has no place in a configuration of HAProxy: ${JSON.stringify(text.slice(0, 80))}`,
  );
}

/** One word of any printable text, in quotes. */
export function quoted(text: string, what: string): string {
  return `"${fitting(text, /^[\x20-\x7e]{0,1000}$/, what).replaceAll(/["\\$]/g, String.raw`\$&`)}"`;
}

/** The same where `%` would begin a variable. */
export const quotedFormat = (text: string, what: string): string => quoted(text, what).replaceAll('%', '%%');
