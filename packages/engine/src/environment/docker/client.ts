// One Docker host. Every call has a limit; a host that does not answer is reported as unreachable, by its name, and
// never as one on which nothing runs. The client library is loaded when the first call is made.

import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { deadline } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import type { DockerHost } from './settings.ts';

export interface DockerClient {
  readonly host: DockerHost;
  /** @throws BlueGreenError `environment-unreachable`; what Docker refuses is thrown as it is, see `statusOf` */
  ask<Result>(call: Call<Result>, limitMs?: number): Promise<Result>;
}

type Call<Result> = (docker: Docker, signal: AbortSignal) => Promise<Result>;

/** Of a call that only reads or writes what the daemon holds. */
const usualMs = 15_000;

export function createDockerClient(host: DockerHost): DockerClient {
  let connection: Promise<Docker> | undefined;
  const connect = () => {
    connection ??= open(host);
    connection.catch(() => {
      connection = undefined;
    });
    return connection;
  };
  return {
    host,
    async ask(call, limitMs = usualMs) {
      const limit = deadline(limitMs);
      try {
        return await Promise.race([call(await connect(), limit), aborted(limit)]);
      } catch (thrown) {
        if (thrown instanceof BlueGreenError || statusOf(thrown) !== undefined) throw thrown;
        throw unreachable(host, limit.aborted ? `no answer within ${limitMs / 1000} s` : messageOf(thrown), thrown);
      }
    },
  };
}

/** The status with which Docker refuses a call; undefined for any other error. */
export function statusOf(thrown: unknown): number | undefined {
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** What Docker says, without the words of the client library around it. */
export function refusalText(thrown: unknown): string {
  const body = thrown instanceof Error && 'json' in thrown ? thrown.json : undefined;
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return (typeof message === 'string' ? message : messageOf(thrown)).trim();
}

/** What is not there: undefined; the daemon said so. */
export async function unlessMissing<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw thrown;
  }
}

export const unreachable = ({ name, address }: DockerHost, why: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError(
    'environment-unreachable',
    `Docker on ${name} (${address}) cannot be asked: ${why}`,
    { host: name },
    cause,
  );

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Each option is given: the library would take what is missing from the environment of this process. */
const unset = {
  host: undefined,
  port: undefined,
  protocol: undefined,
  socketPath: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
};

async function open(host: DockerHost): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  return new Client({ ...unset, ...connectionOf(host) } as Docker.DockerOptions);
}

function connectionOf(host: DockerHost): Docker.DockerOptions {
  const url = new URL(host.address);
  switch (url.protocol) {
    case 'unix:':
      return { socketPath: url.pathname };
    case 'tcp:':
      return { host: url.hostname, port: url.port, ...(host.tls ? secured(host.tls) : { protocol: 'http' }) };
    default:
      throw unreachable(host, `${url.protocol}// is no way to a Docker host`);
  }
}

function secured({ ca, cert, key }: NonNullable<DockerHost['tls']>): Docker.DockerOptions {
  return { protocol: 'https', ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}
