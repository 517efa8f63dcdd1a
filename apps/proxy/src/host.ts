// All targets of one state folder in one process. Each has its port, control socket and files to itself, comes and goes
// alone, and the process ends with the last of them.

import { closeSync, openSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { ProxyHostStatus, ProxyTargetFiles } from '@bg/engine';
import { bodyOf, createJsonServer, listenOnSocket } from './json-server.ts';
import { boundedWriter, createLog, type Log, messageOf } from './log.ts';
import { parseTargetFiles } from './parse.ts';
import { drainGraceMs, type RunningProxy, startProxy } from './proxy.ts';

export interface Host {
  /** Opens the way for further targets, unless another process offers it on this socket already. */
  open(socket: string): Promise<void>;
  /** Resolves when the target is up, also when it was before. @throws InvalidInput, Refused */
  add(files: ProxyTargetFiles): Promise<void>;
  targets(): number;
  close(graceMs: number): Promise<void>;
}

interface Target {
  readonly up: Promise<RunningProxy>;
  readonly closeLog: () => void;
  /** Set from the moment when it is told to end. */
  ended: Promise<void> | undefined;
}

export const maxLogBytes = 16 << 20;

/** `onEmpty` is called when the last target has ended. */
export function createHost(log: Log, onEmpty: () => void): Host {
  const targets = new Map<string, Target>();
  let arriving = 0;
  let server: Server | undefined;

  async function add(files: ProxyTargetFiles): Promise<void> {
    arriving += 1;
    try {
      await targets.get(files.spec)?.ended;
      const present = targets.get(files.spec) ?? begin(files);
      await present.up;
    } finally {
      arriving -= 1;
    }
  }

  function begin({ spec, log: logFile }: ProxyTargetFiles): Target {
    const own = ownLog(logFile, log);
    const up = startProxy(spec, own.log, () => void end(spec));
    const target: Target = { up, closeLog: own.close, ended: undefined };
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
      .then((proxy) => proxy.close(drainGraceMs))
      .catch((thrown) => log.error('a target did not end well', { spec, why: messageOf(thrown) }))
      .then(() => {
        targets.delete(spec);
        target.closeLog();
        if (targets.size === 0 && arriving === 0) onEmpty();
      });
    return target.ended;
  }

  const status = (): ProxyHostStatus => ({ pid: process.pid, specs: [...targets.keys()] });
  return {
    add,
    targets: () => targets.size,
    open: async (socket) => {
      if (await isAnswered(socket)) return;
      const handlers = {
        'GET /targets': status,
        'POST /targets': async (request: IncomingMessage) => {
          await add(parseTargetFiles(await bodyOf(request)));
          return status();
        },
      };
      server = createJsonServer(handlers, log);
      await listenOnSocket(server, socket);
    },
    close: async (graceMs) => {
      server?.close();
      await Promise.allSettled([...targets.values()].map(async ({ up }) => (await up).close(graceMs)));
    },
  };
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
