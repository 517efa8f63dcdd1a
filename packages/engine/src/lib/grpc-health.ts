// One call of grpc.health.v1.Health/Check, by hand over node:http2: a request of one optional field and an answer of
// one number need no code generator, and no client that pools connections and retries: a probe must see what answers
// now.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md

import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';
import { type TlsTrust, trustOptions } from './http-client.ts';

export interface GrpcHealthRequest {
  /** `http://127.0.0.1:3001` for plain HTTP/2, or https. */
  readonly origin: string;
  /** At most 120 ASCII characters; '' asks for the server as a whole. */
  readonly service: string;
  /** Metadata; `host` becomes the authority. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsTrust;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** `SERVING`, another status by its name, or `grpc-status …` where the call itself failed. */
export type GrpcHealth = string;

const path = '/grpc.health.v1.Health/Check';
const mostBytes = 65_536;
const names = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const callNames: Readonly<Record<string, string>> = {
  5: ' (NOT_FOUND: the server does not know this service)',
  12: ' (UNIMPLEMENTED: the server has no grpc.health.v1.Health)',
  14: ' (UNAVAILABLE)',
  16: ' (UNAUTHENTICATED)',
};

/** @throws BlueGreenError `http-timeout` or `http-failed`, naming the address; the signal's reason when it aborts */
export async function askGrpcHealth(request: GrpcHealthRequest): Promise<GrpcHealth> {
  const { origin, headers, tls, timeoutMs, signal } = request;
  const limit = deadline(timeoutMs, signal);
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { host, ...metadata } = lower;
  let session: ClientHttp2Session | undefined;
  try {
    const servername = host?.replace(/:\d+$/, '');
    session = connect(origin, { ...trustOptions(tls), ...(servername ? { servername } : {}) });
    return await call(
      session,
      { ...request, headers: { ...metadata, ...(host ? { ':authority': host } : {}) } },
      limit,
    );
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    const what = `the gRPC health of ${origin}`;
    if (limit.aborted)
      throw new BlueGreenError('http-timeout', `${what} gave no answer within ${timeoutMs} ms`, {}, thrown);
    throw new BlueGreenError('http-failed', `${what} cannot be asked: ${messageOf(thrown)}`, {}, thrown);
  } finally {
    session?.on('error', () => undefined).destroy();
  }
}

function call(session: ClientHttp2Session, request: GrpcHealthRequest, limit: AbortSignal): Promise<GrpcHealth> {
  return new Promise((resolve, reject) => {
    const seen: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = () => reject(limit.reason);
    limit.addEventListener('abort', fail, { once: true });
    session.once('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...request.headers,
    });
    stream
      .once('error', reject)
      .on('response', (headers) => Object.assign(seen, headers))
      .on('trailers', (trailers) => Object.assign(seen, trailers))
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) reject(new Error(`the answer is larger than ${mostBytes} bytes`));
        else chunks.push(chunk);
      })
      .once('close', () => {
        limit.removeEventListener('abort', fail);
        resolve(meaningOf(seen, Buffer.concat(chunks)));
      })
      .end(frame(request.service));
  });
}

/** A frame of gRPC: no compression, a length, and the message with the service as its field 1. */
function frame(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function meaningOf(headers: IncomingHttpHeaders, body: Buffer): GrpcHealth {
  const http = Number(headers[':status']);
  const status = headers['grpc-status'];
  if (status === undefined)
    return http === 200 ? 'an answer without a grpc-status' : `HTTP ${http || 'without an answer'}`;
  if (status !== '0') return `grpc-status ${status}${callNames[String(status)] ?? ''}`;
  // Field 1 is the status; an empty message has its default.
  const message = body.subarray(5);
  if (body.length < 5 || (message.length > 0 && message[0] !== 0x08)) return 'an answer that is no HealthCheckResponse';
  return names[message[1] ?? 0] ?? `an unknown status ${message[1]}`;
}
