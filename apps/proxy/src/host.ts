// All targets of one state folder in one process. Each has its own port, control socket and files, starts and stops
// independently, and the process ends with the last of them.

import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { ProxyHostStatus, ProxyTargetsFile } from '@bg/engine';
import { bodyOf, createJsonServer, listenOnSocket } from './json-server.ts';
import { boundedWriter, createLog, type Log, messageOf } from './log.ts';
import { parseTargetFiles, parseTargetsFile } from './parse.ts';
import { drainGraceMs, type RunningProxy, startProxy } from './proxy.ts';

export interface Host {
  /** Opens the way for further targets. False where another process offers it on this socket already. */
  open(socket: string): Promise<boolean>;
  /** Resolves when the target is up, also when it was before. @throws InvalidInput, Refused */
  add(files: Files): Promise<void>;
  targets(): number;
  close(graceMs: number): Promise<void>;
}

type Files = ProxyTargetsFile['targets'][number];

interface Target {
  readonly files: Files;
  readonly up: Promise<RunningProxy>;
  readonly closeLog: () => void;
  /** Set when the end was requested. */
  ended: Promise<void> | undefined;
}

export const maxLogBytes = 16 << 20;

/** `onEmpty` is called when the last target has ended. */
export function createHost(log: Log, onEmpty: () => void): Host {
  const targets = new Map<string, Target>();
  let arriving = 0;
  let server: Server | undefined;
  let keptIn: string | undefined;

  async function add(files: Files): Promise<void> {
    arriving += 1;
    try {
      await targets.get(files.spec)?.ended;
      const present = targets.get(files.spec) ?? begin(files);
      await present.up;
      keep();
    } finally {
      arriving -= 1;
    }
  }

  function begin(files: Files): Target {
    const { spec, log: logFile } = files;
    const own = ownLog(logFile, log);
    const up = startProxy(spec, own.log, () => void end(spec));
    const target: Target = { files, up, closeLog: own.close, ended: undefined };
    targets.set(spec, target);
    up.catch(() => {
      targets.delete(spec);
      own.close();
    });
    return target;
  }

  function end(spec: string): Promise<void> {
    const target = targets.get(spec);
    if (target === undefined) return Promise.resolve();
    target.ended ??= target.up
      .finally(keep)
      .then((proxy) => proxy.close(drainGraceMs))
      .catch((thrown) => log.error('a target did not end well', { spec, why: messageOf(thrown) }))
      .then(() => {
        targets.delete(spec);
        target.closeLog();
        if (targets.size === 0 && arriving === 0) onEmpty();
      });
    return target.ended;
  }

  /** Without it, a killed process comes back with fewer targets, which the engine adds again. */
  function keep(): void {
    if (keptIn === undefined) return;
    try {
      keepTargets(
        keptIn,
        [...targets.values()].filter(({ ended }) => ended === undefined).map(({ files }) => files),
      );
    } catch (thrown) {
      log.trouble('the list of targets cannot be stored', { why: messageOf(thrown) });
    }
  }

  const status = (): ProxyHostStatus => ({ pid: process.pid, specs: [...targets.keys()] });
  return {
    add,
    targets: () => targets.size,
    open: async (socket) => {
      if (await isAnswered(socket)) return false;
      keptIn = listBeside(socket);
      const handlers = {
        'GET /targets': status,
        'POST /targets': async (request: IncomingMessage) => {
          await add(parseTargetFiles(await bodyOf(request)));
          return status();
        },
      };
      server = createJsonServer(handlers, log);
      await listenOnSocket(server, socket);
      return true;
    },
    close: async (graceMs) => {
      server?.close();
      await Promise.allSettled([...targets.values()].map(async ({ up }) => (await up).close(graceMs)));
    },
  };
}

const listBeside = (socket: string): string => `${socket}.json`;

/** What the process before this one served. Undefined where that is not known. */
export function targetsBefore(socket: string): readonly Files[] | undefined {
  try {
    return parseTargetsFile(JSON.parse(readFileSync(listBeside(socket), 'utf8'))).targets;
  } catch {
    return undefined;
  }
}

function keepTargets(path: string, targets: readonly Files[]): void {
  const next = `${path}.next`;
  writeFileSync(next, JSON.stringify({ targets } satisfies ProxyTargetsFile));
  renameSync(next, path);
}

/** The first target shares its log with the process, whose output it is. */
function ownLog(file: string | undefined, shared: Log): { readonly log: Log; readonly close: () => void } {
  if (file === undefined) return { log: shared, close: () => {} };
  const descriptor = openSync(file, 'a', 0o600);
  const write = boundedWriter(descriptor, maxLogBytes);
  let isOpen = true;
  return {
    // The descriptor's number may be another file's after the end.
    log: createLog((line) => {
      if (isOpen) write(line);
    }),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      closeSync(descriptor);
    },
  };
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(socket);
    const settle = (answered: boolean) => {
      attempt.destroy();
      resolve(answered);
    };
    attempt.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
