// A service that this system has never started, started once on a free port: what it answers says how its health can be
// checked. It is ended at the end of the trial, with all that it started.

import { defaultVariables } from '../environment/spawn-env.ts';
import { pause, systemClock } from '../lib/clock.ts';
import { hasCode, messageOf } from '../lib/errors.ts';
import { run } from '../lib/exec.ts';
import { claimFreePorts, claimPort } from '../lib/free-ports.ts';
import { httpRequest } from '../lib/http.ts';
import { type HealthFinding, healthFinding } from './health-finding.ts';

export interface TrialRequest {
  readonly command: readonly [string, ...string[]];
  /** Absolute: the folder of the release. */
  readonly folder: string;
  /** All are asked: `/health`. */
  readonly paths: readonly string[];
  /** For each attempt. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export type TrialResult =
  | {
      readonly ok: true;
      /** `PORT` when the service listens where `PORT` says, and not where `APPLICATION_PORT` does. */
      readonly portVariable: 'APPLICATION_PORT' | 'PORT';
      readonly health: HealthFinding;
      /** From the start to the first answer. */
      readonly ms: number;
    }
  | { readonly ok: false; readonly problem: string };

/** What services of many frameworks answer at, the most telling first. */
export const usualPaths = ['/health', '/healthz', '/actuator/health', '/api/health', '/up', '/'] as const;

const firstVersion = 'v1';
const probeMs = 2_000;
const everyMs = 100;
const endMs = 5_000;

/** Never throws for what the service does. @throws the signal's reason */
export async function tryService(request: TrialRequest): Promise<TrialResult> {
  const first = await attempt(request, 'APPLICATION_PORT');
  if (first.ok) return first;
  const second = await attempt(request, 'PORT');
  return second.ok ? second : first;
}

async function attempt(request: TrialRequest, portVariable: 'APPLICATION_PORT' | 'PORT'): Promise<TrialResult> {
  const [port = 0] = await claimFreePorts(1);
  const over = new AbortController();
  const began = performance.now();
  const ended = run({
    argv: request.command,
    cwd: request.folder,
    env: {
      ...defaultVariables,
      ENVIRONMENT_COLOR: 'blue',
      APPLICATION_PORT: String(port),
      APP_VERSION: firstVersion,
      ...(portVariable === 'PORT' ? { PORT: String(port) } : {}),
    },
    group: true,
    timeoutMs: request.limitMs + endMs,
    signal: AbortSignal.any([over.signal, request.signal]),
  }).then(
    () => 'it ended at once, with 0',
    (thrown: unknown) => messageOf(thrown),
  );
  let end: string | undefined;
  void ended.then((problem) => {
    end = problem;
  });
  try {
    const deadline = began + request.limitMs;
    while (end === undefined && performance.now() < deadline) {
      request.signal.throwIfAborted();
      const health = await look(port, request);
      if (health !== undefined) return { ok: true, portVariable, health, ms: performance.now() - began };
      await pause(systemClock, everyMs, request.signal);
    }
    request.signal.throwIfAborted();
    return { ok: false, problem: end ?? (await silence(port, request)) };
  } finally {
    over.abort();
    await ended;
  }
}

/** Of the paths with an answer of 2xx the one that proves most, else the first; undefined while there is none. */
async function look(port: number, { paths, signal }: TrialRequest): Promise<HealthFinding | undefined> {
  const found: HealthFinding[] = [];
  for (const path of paths) {
    const answer = await ask(port, path, signal);
    if (answer === undefined) return undefined;
    if (answer.status < 200 || answer.status > 299) continue;
    found.push(healthFinding({ path, ...answer, expected: { slot: 'blue', version: firstVersion } }));
  }
  // A service that answers every path with its front page is no proof that the first one is for health.
  const withFields = found.find(({ settings }) => settings.check === undefined);
  return found.find(({ proves }) => proves === 'release') ?? withFields ?? found[0];
}

async function silence(port: number, { paths, limitMs, signal }: TrialRequest): Promise<string> {
  const answers = await Promise.all(
    paths.map(async (path) => `${path}: ${(await ask(port, path, signal))?.status ?? 'no answer'}`),
  );
  return `it gave no answer of 2xx on port ${port} within ${limitMs / 1_000} s (${answers.join(', ')})`;
}

async function ask(port: number, path: string, signal: AbortSignal) {
  try {
    return await httpRequest({ url: `http://127.0.0.1:${port}${path}`, timeoutMs: probeMs, signal });
  } catch (thrown) {
    if (signal.aborted || !(hasCode(thrown, 'http-failed') || hasCode(thrown, 'http-timeout'))) throw thrown;
    return undefined;
  }
}

/** Ports that are asked for, else the usual ones where they are free, else any that are. */
export async function starterPorts(given: {
  readonly port: number | undefined;
  readonly front: number | undefined;
  /** The front, where it is free. */
  readonly wanted?: number | undefined;
}) {
  const spare = await claimFreePorts(3);
  const usual = async (port: number, other: number): Promise<number> => ((await claimPort(port)) ? port : other);
  const blue = given.port ?? (await usual(8001, spare[0] ?? 0));
  const green = given.port === undefined ? await usual(8002, spare[1] ?? 0) : given.port + 1;
  return { blue, green, front: given.front ?? (await usual(given.wanted ?? 8080, spare[2] ?? 0)) };
}
