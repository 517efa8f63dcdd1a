// The parts of a case of the conformance suite.

import type { Seen } from './witness.ts';

export type DriverName = 'embedded' | 'nginx' | 'haproxy';

export const previewToken = 'Token-Of-The-Conformance-77';
export const previewHost = 'preview.example.com';
export const healthPath = '/-/healthy';
/** Both are in `trustedProxies`; the first is where trusted requests come from. */
export const trustedAddress = '127.0.0.9';
export const otherTrustedAddress = '127.0.0.8';

export interface Outcome {
  readonly status: string;
  readonly answer: string;
  readonly seen: Seen | undefined;
}

export interface ConformanceCase {
  readonly name: string;
  readonly bytes: string;
  readonly trusted?: boolean;
  /** What is compared, as one line. */
  readonly show: (outcome: Outcome) => string;
  readonly expected: string;
  /** What differs by design, and the reason that a user reads. */
  readonly differs?: Readonly<Partial<Record<DriverName, string>>>;
  readonly why?: string;
}

export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
export const get = (...lines: readonly string[]): string =>
  head('GET / HTTP/1.1', 'Host: shop.example', ...lines, 'Connection: close');

export const status = ({ status: code }: Outcome): string => code;
/** Status and these headers as the service got them. */
export const seen =
  (...names: readonly string[]) =>
  ({ status: code, seen: at }: Outcome): string =>
    [code, ...names.map((name) => `${name}=${at?.headers.get(name) ?? '-'}`)].join(' ');
