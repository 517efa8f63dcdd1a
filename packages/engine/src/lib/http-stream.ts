// One GET whose answer is read as it comes, for what is too large to hold. Connects only to an address that the
// caller has checked: what a name resolves to cannot change between the check and the connection.

import { lookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';
import { BlueGreenError, messageOf } from './errors.ts';
import { exchange } from './http-client.ts';

export interface StreamRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** @throws why an address must not be connected to */
  readonly checkAddress: (address: string) => void;
  /** Longest time without a byte, in either direction. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

export interface StreamAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly header: (name: string) => string | undefined;
  /** Read it to its end or call `drop`. @throws BlueGreenError `http-timeout` or `http-failed` */
  readonly body: AsyncIterable<Buffer>;
  readonly drop: () => void;
}

/** @throws BlueGreenError `http-timeout` or `http-failed`; what `checkAddress` throws; the signal's reason */
export async function openHttp(request: StreamRequest): Promise<StreamAnswer> {
  const { url, signal } = request;
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal)) request.checkAddress(literal);
  try {
    const answer = await begin(request);
    return {
      status: answer.statusCode ?? 0,
      header: (name) => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      body: bodyOf(answer, signal),
      drop: () => void answer.destroy(),
    };
  } catch (thrown) {
    throw asFault(thrown, signal);
  }
}

function begin({ url, headers, checkAddress, stallMs, signal }: StreamRequest): Promise<IncomingMessage> {
  return exchange({
    url,
    method: 'GET',
    headers: { 'accept-encoding': 'identity', ...headers },
    signal,
    lookup: checkedLookup(checkAddress),
    stall: { ms: stallMs, error: stalled(stallMs) },
  });
}

async function* bodyOf(answer: IncomingMessage, signal: AbortSignal): AsyncIterable<Buffer> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (thrown) {
    throw asFault(thrown, signal);
  }
}

/** All addresses of a name must pass: a name with a public and a private address is suspicious. */
function checkedLookup(checkAddress: (address: string) => void): LookupFunction {
  return (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return done(error ?? new Error(`${hostname} has no address`), []);
      try {
        for (const { address } of addresses) checkAddress(address);
      } catch (thrown) {
        return done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)), []);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
}

const stalled = (ms: number) => new BlueGreenError('http-timeout', `no byte came for ${ms / 1000} s`);

function asFault(thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (thrown instanceof BlueGreenError) return thrown;
  return new BlueGreenError('http-failed', messageOf(thrown), {}, thrown);
}
