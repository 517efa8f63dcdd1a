// Brings a proxy's process up and waits until it answers. Several engines may try at once: the proxy's port decides.

import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { readFileIfAny } from '../../lib/files.ts';
import { type DetachedProcess, spawnDetached } from '../../lib/spawn-detached.ts';
import type { ControlClient } from './control-client.ts';
import type { ProxyFiles } from './spec-file.ts';

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

/** Resolves with the pid of whoever answers on the socket. @throws `port-in-use`, `balancer-unreachable`, `exec-not-found` */
export async function startProxy(options: StartOptions): Promise<number> {
  const { node, proxyEntry, folder, files, control, clock } = options;
  // Nothing of our environment: what serves users must not depend on who happened to start it.
  const argv = [node, proxyEntry, files.spec] as const;
  const started = await spawnDetached({ argv, cwd: folder, env: {}, logFile: files.log });
  let endedAt: number | undefined;
  void started.exited.then(() => {
    endedAt = clock.monotonic();
  });
  const deadline = clock.monotonic() + limitMs;
  while (clock.monotonic() < deadline) {
    const pid = await control.status().then(
      (status) => status.pid,
      () => undefined,
    );
    if (pid !== undefined) return pid;
    if (endedAt !== undefined && clock.monotonic() > endedAt + othersMs) break;
    await clock.sleep(lookEveryMs);
  }
  throw notStarted(started, files);
}

function notStarted({ pid }: DetachedProcess, files: ProxyFiles): BlueGreenError {
  const lines = (readFileIfAny(files.log) ?? '').trimEnd().split('\n').slice(-20);
  const last = lines.map(asLogLine).findLast((line) => line?.pid === pid && line.level === 'error');
  if (last?.code === 'port-in-use') return new BlueGreenError('port-in-use', `the load balancer ${last.msg}`);
  const what = last?.msg ?? lines.slice(-12).join('\n');
  return new BlueGreenError('balancer-unreachable', `the load balancer did not come up: ${what}`, { log: files.log });
}

interface LogLine {
  readonly level?: unknown;
  readonly pid?: unknown;
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
