// The balancer's own answers, and what it adds to the service's answers.

import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { ProxySpec } from '@bg/engine';
import { instanceCookie, previewReferrerPolicy, servedInstanceHeader } from '@bg/engine/counting';
import type { Choice } from './choose-side.ts';
import { bucketCookie, sessionCookie } from './cookies.ts';
import { type FlatHeaders, headerOf, withoutHeader } from './headers.ts';
import type { ServedBy } from './instance-choice.ts';

/** An answer that did not come from the service. */
export interface OwnAnswer {
  readonly status: 200 | 400 | 408 | 431 | 500 | 502 | 503 | 504;
  readonly sentence: string;
}

export function answer(response: ServerResponse, own: OwnAnswer, keepAlive = true): void {
  if (!keepAlive) response.shouldKeepAlive = false;
  response.writeHead(own.status, ownHeaders(own));
  response.end(bodyOf(own));
}

/** The same for a connection that node:http has handed over. */
export function rawAnswer(own: OwnAnswer): string {
  return `${rawHead(own.status, STATUS_CODES[own.status] ?? '', [...ownHeaders(own), 'connection', 'close'])}${bodyOf(own)}`;
}

export function rawHead(status: number, text: string, headers: FlatHeaders): string {
  let head = `HTTP/1.1 ${status} ${text}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${head}\r\n`;
}

/** The service's headers, plus the user's key, what keeps a preview private, and the side's name for probes. */
export function decorated(
  headers: FlatHeaders,
  choice: Choice & { kind: 'side' },
  { spec, served }: { readonly spec: ProxySpec; readonly served: ServedBy | undefined },
): FlatHeaders {
  const { slot, route, probe, newKey } = choice;
  let result = headers;
  if (newKey !== undefined && mayCarryKey(headers, spec.sticky.name))
    result = [...result, 'set-cookie', bucketCookie(spec.sticky.name, newKey)];
  if (served?.cookie !== undefined && mayCarryKey(headers, instanceCookie))
    result = [...result, 'set-cookie', sessionCookie(instanceCookie, served.cookie)];
  if (route === 'preview')
    result = [
      ...withoutHeader(withoutHeader(result, 'cache-control'), 'referrer-policy'),
      ...['cache-control', 'private, no-store'],
      ...['referrer-policy', previewReferrerPolicy],
      ...['vary', `${spec.preview?.header ?? ''}, cookie`],
    ];
  if (route !== 'preview' && !probe) return result;
  result = [...withoutHeader(result, 'x-served-by'), 'x-served-by', slot];
  return served === undefined
    ? result
    : [...withoutHeader(result, servedInstanceHeader), servedInstanceHeader, String(served.number)];
}

/** A shared cache would give one user's key to all; and a service that sets the cookie itself knows better. */
function mayCarryKey(headers: FlatHeaders, name: string): boolean {
  const cacheControl = headerOf(headers, 'cache-control') ?? '';
  if (/\b(public|s-maxage)\b/i.test(cacheControl)) return false;
  return !headers.some((part, at) => at % 2 === 1 && part.startsWith(`${name}=`) && isSetCookie(headers[at - 1]));
}

const isSetCookie = (name: string | undefined): boolean => name?.toLowerCase() === 'set-cookie';

const bodyOf = ({ sentence }: OwnAnswer): string => `${sentence}\n`;

function ownHeaders(own: OwnAnswer): FlatHeaders {
  const retry = own.status === 503 ? ['retry-after', '5'] : [];
  const length = String(Buffer.byteLength(bodyOf(own)));
  return ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store', 'content-length', length, ...retry];
}
