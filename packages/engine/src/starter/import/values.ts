// Values as compose and Kamal write them. Each reader ends the reading of its key for a value that it does not know.

import { notTaken } from './imported.ts';
import { isMapping, type Mapping } from './read-yaml.ts';

const controls = /\p{Cc}/u;
const longest = 4_096;

export function textIn(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string' || text === '') return notTaken('expected a text');
  if (text.length > longest || controls.test(text)) return notTaken('is too long, or holds control characters');
  return text;
}

/** A text that this engine's configuration takes. */
export function shapedIn(value: unknown, shape: RegExp): string {
  const text = textIn(value);
  return shape.test(text) ? text : notTaken(`${text.slice(0, 100)} cannot be written into a configuration`);
}

export const shapes = {
  user: /^[A-Za-z0-9_.-]{1,64}(:[A-Za-z0-9_.-]{1,64})?$/,
  network: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$/,
  capability: /^[A-Z][A-Z_]{1,40}$/,
  ulimit: /^[a-z]{2,16}$/,
  volumeSource: /^(\/[^\p{Cc}:]{1,500}|[A-Za-z0-9][A-Za-z0-9_.-]{0,100})$/u,
  volumePath: /^\/[^\p{Cc}:]{1,500}$/u,
  healthPath: /^\/[^\s\p{Cc}]{0,500}$/u,
  registryUser: /^[^\p{Cc}]{1,1000}$/u,
} as const;

export const listIn = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : notTaken('expected a list');

export const textsIn = (value: unknown): readonly string[] => listIn(value).map(textIn);

export const mappingIn = (value: unknown): Mapping => (isMapping(value) ? value : notTaken('expected a mapping'));

export function wholeIn(value: unknown, { min = 1, max = 2 ** 31 }: { min?: number; max?: number } = {}): number {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max)
    return notTaken(`expected a whole number from ${min} to ${max}`);
  return number;
}

const durationUnits: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `1m30s`, `500ms`; a bare number is seconds. */
export function durationIn(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < 1e6) return value * 1_000;
  const text = textIn(value);
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d{1,9}(\.\d{1,6})?(us|ms|s|m|h))+$/.test(text)) return notTaken(`expected a duration such as 1m30s`);
  const parts = [...text.matchAll(/([\d.]+)(us|ms|s|m|h)/g)];
  return Math.round(
    parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (durationUnits[unit] ?? 0), 0),
  );
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `512m`, `1g`, `1.5gb`; a bare number is bytes. */
export function bytesIn(value: unknown): number {
  const [, amount, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([bkmgt]?)i?b?$/i.exec(textIn(value)) ?? [];
  const bytes = Number(amount) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN);
  return Number.isFinite(bytes) && bytes > 0 ? Math.round(bytes) : notTaken('expected a size such as 512m');
}

/** As Python's shlex and Docker split a line; nothing else of a shell. */
export function wordsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return textsIn(value);
  const line = textIn(value);
  const words: string[] = [];
  let word: string | undefined;
  for (const [, quoted, single, escaped, plain, blank] of line.matchAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)|(\s+)/g,
  )) {
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + (quoted?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain ?? '');
  }
  if (word !== undefined) words.push(word);
  if (/(^|[^\\])["']/.test(line.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, ''))) return notTaken('a quote is not closed');
  return words;
}

const secretName =
  /(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE|APIKEY|_KEY$|^KEY$|_PAT$|_DSN$|SALT|PEPPER)/i;
/** `postgres://shop:hush@db/shop`, and what is as long and as wild as no ordinary setting. */
const secretValue = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@|^[A-Za-z0-9+/_=-]{40,}$|-----BEGIN /;

export const looksSecret = (name: string, value: string): boolean => secretName.test(name) || secretValue.test(value);

const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,200}$/;

/** Values that look like secrets are named alone. */
export function variablesIn(pairs: Iterable<readonly [string, unknown]>): {
  readonly env: Record<string, string>;
  readonly named: readonly string[];
  readonly left: readonly string[];
} {
  const env: Record<string, string> = {};
  const named: string[] = [];
  const left: string[] = [];
  for (const [name, value] of pairs) {
    if (!variableName.test(name)) left.push(`${JSON.stringify(name.slice(0, 60))} is no name of a variable`);
    else if (given.has(name))
      left.push(`${name} is given by this engine, with the color, port and version of the slot`);
    else if (value === null || value === undefined) named.push(name);
    else if (!['string', 'number', 'boolean'].includes(typeof value)) left.push(`${name}: expected a text`);
    else if (looksSecret(name, String(value)) || String(value).length > longest) named.push(name);
    else if (/\p{Cc}/u.test(String(value)))
      left.push(`${name}: its value has several lines; write it into an env file`);
    else env[name] = String(value);
  }
  return { env, named, left };
}

const given = new Set(['ENVIRONMENT_COLOR', 'APPLICATION_PORT', 'APP_VERSION', 'INSTANCE', 'CONFIG_DIR']);
