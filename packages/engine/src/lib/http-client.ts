// The one way in which this program sends an HTTP request: over a new connection that is closed afterwards, without
// following redirects, to a host or to a unix socket. Not `fetch` and not a pool: a probe must see what answers now, on
// any port, and downloads connect to addresses that were checked. http.ts and http-stream.ts limit time and size.

import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface TlsTrust {
  /** A file of certificates in PEM, in the place of the authorities that Node knows. */
  readonly ca: string | undefined;
  /** Believe any certificate. */
  readonly insecure: boolean;
}

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Ends the exchange at any moment, the body of the answer included. */
  readonly signal: AbortSignal;
  /** Absolute path of a unix socket, under 108 bytes: the URL's host is only a header then. */
  readonly socket?: string | undefined;
  /** What is trusted over https; without it, the authorities that Node knows. */
  readonly tls?: TlsTrust | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** The longest time without a byte in either direction, and what is thrown after it. */
  readonly stall?: { readonly ms: number; readonly error: Error } | undefined;
}

/** As options of Node's TLS. @throws when the file cannot be read */
export const trustOptions = ({ ca, insecure }: TlsTrust) => ({
  ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
  rejectUnauthorized: !insecure,
});

/** Resolves with the head of the answer; its body is read as it comes. */
export function exchange({ url, body, headers, socket, tls, stall, ...rest }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = (isSecure ? requestHttps : requestHttp)(url, {
      method: rest.method,
      headers: { connection: 'close', ...length, ...headers },
      agent: false,
      signal: rest.signal,
      ...(socket === undefined ? {} : { socketPath: socket }),
      ...(rest.lookup ? { lookup: rest.lookup } : {}),
      ...(tls && isSecure ? trustOptions(tls) : {}),
      ...(stall ? { timeout: stall.ms } : {}),
    });
    let answer: IncomingMessage | undefined;
    outgoing.on('error', reject);
    outgoing.once('timeout', () => (answer ?? outgoing).destroy(stall?.error));
    outgoing.once('response', (arrived) => {
      answer = arrived;
      resolve(arrived);
    });
    outgoing.end(body);
  });
}
