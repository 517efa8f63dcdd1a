// Values from outside in an nginx configuration: a function here writes each kind of value, and refuses one that cannot
// be written safely. No value reaches a template in another way.

import { createHash } from 'node:crypto';
import { BlueGreenError } from '../../lib/errors.ts';

/** Where a value came from, for the sentence of a refusal. */
export interface Named {
  readonly what: string;
  readonly value: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get in
const controlCharacter = /[\u0000-\u001f\u007f]/;
const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/;
/** nginx reads a header only when its name has these characters, and a variable cannot be named with others. */
const headerName = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,126}[A-Za-z0-9])?$/;
const cookieName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** A path or another fixed text as one word of the configuration, without variables. */
export function quoted({ what, value }: Named): string {
  if (controlCharacter.test(value) || value.includes('$'))
    throw refused({ what, value }, 'holds control characters or "$", which nginx would not take as text');
  return `"${inQuotes(value)}"`;
}

/** The same to be followed by variables inside the quotes. */
export function inQuotes(value: string): string {
  return value.replaceAll(/["\\]/g, '\\$&');
}

/** A key of a `map` that matches exactly this value, letters in their case. */
export function exactly(named: Named): string {
  return `"~^${literally(named)}$"`;
}

/** Part of a regular expression that matches exactly this value: everything but letters and digits by its code. */
export function literally({ what, value }: Named): string {
  if (controlCharacter.test(value)) throw refused({ what, value }, 'holds control characters');
  if (value === '') throw refused({ what, value }, 'is empty');
  return [...Buffer.from(value, 'utf8')]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9]/.test(char) ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
}

/** `$http_x_user` for `X-User`. */
export function headerVariable(named: Named): string {
  return `$http_${nameOfHeader(named).toLowerCase().replaceAll('-', '_')}`;
}

export function nameOfHeader({ what, value }: Named): string {
  if (headerName.test(value)) return value;
  throw refused({ what, value }, 'is no header name that nginx can read: letters, digits and "-" only');
}

export function nameOfCookie({ what, value }: Named): string {
  if (cookieName.test(value)) return value;
  throw refused({ what, value }, 'is no name of a cookie');
}

/** One that nginx also has a variable for. */
export function nameOfPlainCookie({ what, value }: Named): string {
  if (/^[A-Za-z0-9_]{1,128}$/.test(value)) return value;
  throw refused({ what, value }, 'is no cookie name that nginx has a variable for: letters, digits and "_" only');
}

/** `127.0.0.1:80` or `[::1]:80`. */
export function address(what: string, place: { readonly host: string; readonly port: number }): string {
  if (!host.test(place.host)) throw refused({ what, value: place.host }, 'is no address or host name');
  if (!Number.isInteger(place.port) || place.port < 1 || place.port > 65_535)
    throw refused({ what, value: String(place.port) }, 'is no port');
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

/** `10.0.0.0/8`, or one address. The configuration's own check is stricter. */
export function network(what: string, value: string): string {
  if (/^[0-9A-Fa-f:.]{2,45}(\/\d{1,3})?$/.test(value)) return value;
  throw refused({ what, value }, 'is no address and no network such as 10.0.0.0/8');
}

/** The path of an address that needs no quotes. */
export function plainPath(what: string, value: string): string {
  if (/^\/[A-Za-z0-9._~/-]{1,200}$/.test(value)) return value;
  throw refused({ what, value }, 'is no path of letters, digits and . _ ~ - /');
}

export function hostName({ what, value }: Named): string {
  if (host.test(value) && !value.includes(':')) return value.toLowerCase();
  throw refused({ what, value }, 'is no host name');
}

/** For a comment: whatever could end it is replaced. */
export function remark(value: string): string {
  return value.replaceAll(/[^\w./ -]/g, '_');
}

/** The same for every process, and different for every target: names of variables and upstreams begin with it. */
export function prefixOf(service: string, target: string): string {
  const hash = createHash('sha256').update(`${service}/${target}`).digest('hex').slice(0, 6);
  return `bg_${service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')
    .slice(0, 10)}_${hash}`;
}

function refused({ what, value }: Named, why: string): BlueGreenError {
  return new BlueGreenError('config-invalid', `${what} ${JSON.stringify(value.slice(0, 60))} ${why}`);
}
