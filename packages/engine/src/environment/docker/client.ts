// One Docker host. Every call has a limit; a host that does not answer is reported as unreachable, by its name, and
// never as one on which nothing runs. The client library is loaded when the first call is made.

import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { type Clock, deadline, systemClock } from '../../lib/clock.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import type { Tunnel } from '../../lib/ssh-tunnel.ts';
import type { DockerHost } from './settings.ts';
import { openWay } from './ssh.ts';

export interface DockerClient {
  readonly host: DockerHost;
  /** @throws BlueGreenError `environment-unreachable`; what Docker refuses is thrown as it is, see `statusOf` */
  ask<Result>(call: Call<Result>, limitMs?: number): Promise<Result>;
  /** Since when it does not answer; undefined: it answered the last call, or none was made. */
  silence(): Silence | undefined;
}

export interface Silence {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly problem: string;
  /** It refuses nothing and answers nothing: each call would take its whole limit. */
  readonly hangs: boolean;
}

type Call<Result> = (docker: Docker, signal: AbortSignal) => Promise<Result>;

/** Of a call that only reads or writes what the daemon holds. */
const usualMs = 15_000;
/** Of the call that finds out whether a host that hung answers again. */
const trialMs = 3_000;

export function createDockerClient(host: DockerHost, clock: Clock = systemClock): DockerClient {
  const connect = connector(host, clock);
  let silence: Silence | undefined;
  let trial: Promise<unknown> | undefined;
  async function attempt<Result>(call: Call<Result>, limitMs: number): Promise<Result> {
    const limit = deadline(limitMs);
    let tunnel: Tunnel | undefined;
    const asked = connect().then((made) => {
      tunnel = made.tunnel;
      return call(made.docker, limit);
    });
    try {
      const result = await Promise.race([asked, aborted(limit)]);
      silence = undefined;
      return result;
    } catch (thrown) {
      if (thrown instanceof BlueGreenError || statusOf(thrown) !== undefined) {
        silence = undefined;
        throw thrown;
      }
      const said = limit.aborted ? `no answer within ${limitMs / 1000} s` : messageOf(thrown);
      const problem = tunnel?.said() === undefined ? said : `${said} (ssh: ${tunnel.said()})`;
      silence = { since: silence?.since ?? clock.now(), problem, hangs: limit.aborted };
      throw unreachable(host, problem, thrown);
    }
  }
  /** One at a time, for all who ask. */
  const tryAgain = (): Promise<unknown> => {
    trial ??= attempt((docker) => docker.ping(), trialMs).finally(() => {
      trial = undefined;
    });
    trial.catch(() => undefined);
    return trial;
  };
  return {
    host,
    silence: () => {
      if (silence?.hangs) void tryAgain();
      return silence;
    },
    async ask(call, limitMs = usualMs) {
      if (silence?.hangs) await tryAgain();
      return attempt(call, limitMs);
    },
  };
}

interface Connection {
  readonly docker: Docker;
  readonly tunnel: Tunnel | undefined;
}

/** The connection of a host is made when it is needed, and again when it was lost. */
function connector(host: DockerHost, clock: Clock): () => Promise<Connection> {
  let present: Promise<Connection> | undefined;
  const connect = async (): Promise<Connection> => {
    present ??= open(host, clock);
    const mine = present;
    const forget = () => {
      if (present === mine) present = undefined;
    };
    const made = await mine.catch((thrown: unknown) => {
      forget();
      throw thrown;
    });
    if (made.tunnel === undefined || made.tunnel.isOpen()) return made;
    forget();
    return connect();
  };
  return connect;
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

/** The disk of the Docker host, by what it says. */
export const isDiskFull = (said: string): boolean => /no space left on device/i.test(said);

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

async function open(host: DockerHost, clock: Clock): Promise<Connection> {
  const { default: Client } = await import('dockerode');
  const tunnel = host.address.startsWith('ssh:') ? await openWay(host, clock) : undefined;
  const way = tunnel ? { socketPath: tunnel.socket } : connectionOf(host);
  return { tunnel, docker: new Client({ ...unset, ...way } as Docker.DockerOptions) };
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
