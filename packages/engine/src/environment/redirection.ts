// Where an answer sends its reader: redirects are reported, never followed.

import type { HttpAnswer } from '../lib/http.ts';
import { excerpt } from './json-path.ts';

/** ` to https://shop.example.com/health`, without a query, which may hold secrets; undefined where it is no redirect. */
export function redirection({
  status,
  headers,
}: Pick<HttpAnswer, 'status'> & Partial<Pick<HttpAnswer, 'headers'>>): string | undefined {
  const location = headers?.location;
  if (status < 300 || status > 399 || location === undefined) return undefined;
  const [plain = ''] = location.replace(/\/\/[^/@]*@/, '//').split(/[?#]/);
  return ` to ${excerpt(plain)}${plain.length < location.length && location.includes('?') ? '?…' : ''}`;
}
