// Starts a target and waits until it answers: in the process that serves this folder's other targets, else in a new
// one with a watcher. Several engines may try at once: a lock orders them, and the target's port decides.

import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError, hasCode } from '../../lib/errors.ts';
import { withFileLock } from '../../lib/file-lock.ts';
import { readFileIfAny } from '../../lib/files.ts';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { type ControlClient, createHostClient } from './control-client.ts';
import type { ProxyFiles } from './spec-file.ts';
import { endWatcher, isWatched, rememberWatcher, watched } from './watcher.ts';

export interface StartOptions {
  /** Absolute path of the program that runs TypeScript: Node 22.18 or later. */
  readonly node: string;
  /** Absolute path of apps/proxy/src/main.ts. */
  readonly proxyEntry: string;
  readonly folder: string;
  readonly files: ProxyFiles;
  readonly control: ControlClient;
  readonly clock: Clock;
}

const limitMs = 10_000;
const lookEveryMs = 40;
/** Ours may have ended because another engine's proxy took the port first: that one answers within this time. */
const othersMs = 2_000;

/** Requests leave little garbage; a large space for it only takes memory from the services: 50 MB of 170 under load. */
const smallYoungSpace = '--max-semi-space-size=8';

/** A watcher starts a killed proxy at once; one that cannot is replaced. */
const againLimitMs = 5_000;

/** Longer than a start may take. */
const lockHoldMs = 30_000;

/**
 * Resolves with the pid of the process that answers on the socket.
 * @throws `port-in-use`, `balancer-unreachable`, `exec-not-found`
 */
export async function startProxy(options: StartOptions): Promise<number> {
  const { files, control, clock } = options;
  return withFileLock({ path: files.startLock, clock, holdMs: lockHoldMs }, async () => {
    const serving = (await pidIfUp(control)) ?? (await joinOthers(files));
    if (serving !== undefined) return serving;
    const again = (await isServedAgain(options)) ? ((await pidIfUp(control)) ?? (await joinOthers(files))) : undefined;
    return again ?? (await startAlone(options));
  });
}

/**
 * Waits for the process that a watcher is starting again, if there is one. False where it does not come: its watcher is
 * ended then, so that it cannot come later.
 */
export async function isServedAgain({ files, clock }: Pick<StartOptions, 'files' | 'clock'>): Promise<boolean> {
  const host = createHostClient(files.hostSocket);
  for (const end = clock.monotonic() + againLimitMs; isWatched(files.watcher); await clock.sleep(lookEveryMs)) {
    if (
      await host.status().then(
        () => true,
        () => false,
      )
    )
      return true;
    if (clock.monotonic() > end) endWatcher(files.watcher);
  }
  return false;
}

/** Undefined where no process accepts further targets, or the one that does hangs. */
async function joinOthers(files: ProxyFiles): Promise<number | undefined> {
  try {
    const { pid } = await createHostClient(files.hostSocket).add({ spec: files.spec, log: files.log });
    return pid;
  } catch (thrown) {
    if (hasCode(thrown, 'balancer-unreachable')) return undefined;
    throw thrown;
  }
}

async function startAlone(options: StartOptions): Promise<number> {
  const { node, proxyEntry, folder, files, control, clock } = options;
  // Nothing of our environment: the process that serves users must not depend on the process that started it.
  const argv = [node, smallYoungSpace, proxyEntry, files.spec, files.hostSocket] as const;
  // Compiled once for all starts, which also saves each process the memory of the compiler.
  const env = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const before = (readFileIfAny(files.log) ?? '').length;
  const started = await spawnDetached({ argv: watched(argv), cwd: folder, env, logFile: files.log });
  rememberWatcher(files.watcher, started.pid);
  let endedAt: number | undefined;
  void started.exited.then(() => {
    endedAt = clock.monotonic();
  });
  const deadline = clock.monotonic() + limitMs;
  while (clock.monotonic() < deadline) {
    const pid = await pidIfUp(control);
    if (pid !== undefined) return pid;
    if (endedAt !== undefined && clock.monotonic() > endedAt + othersMs) break;
    await clock.sleep(lookEveryMs);
  }
  throw notStarted(files, before);
}

const pidIfUp = (control: ControlClient): Promise<number | undefined> =>
  control.status().then(
    ({ pid }) => pid,
    () => undefined,
  );

function notStarted(files: ProxyFiles, before: number): BlueGreenError {
  const lines = (readFileIfAny(files.log) ?? '').slice(before).trimEnd().split('\n').slice(-20);
  const last = lines.map(asLogLine).findLast((line) => line?.level === 'error');
  if (last?.code === 'port-in-use') return new BlueGreenError('port-in-use', `the load balancer ${last.msg}`);
  const what = last?.msg ?? lines.slice(-12).join('\n');
  return new BlueGreenError('balancer-unreachable', `the load balancer did not come up: ${what}`, { log: files.log });
}

interface LogLine {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly code?: unknown;
}

function asLogLine(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
