// One process counts all HAProxy targets of one state folder. Each has its own sockets, files and counts, starts and
// stops independently, and the process ends with the last of them.

import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { messageOf } from '../../../lib/errors.ts';
import { requestOverSocket } from '../../../lib/http.ts';
import { type CollectorSpec, type RunningCollector, startCollector } from './collector.ts';

/** `POST /targets` carries one; absolute path of its spec file. */
export interface CollectorTarget {
  readonly spec: string;
}

/** Answer of `GET /targets` and `POST /targets`. */
export interface CollectorHostStatus {
  readonly pid: number;
  readonly specs: readonly string[];
}

export interface CollectorHost {
  /** Opens the socket for further targets, unless another process has opened it already. */
  open(socket: string): Promise<void>;
  /** Resolves when the target is counted, also when it was before. @throws what hinders it */
  add(specFile: string): Promise<void>;
  stop(): void;
}

interface Target {
  readonly up: Promise<RunningCollector>;
  ended: Promise<void> | undefined;
}

const maxBodyBytes = 16_384;

export function createCollectorHost(): CollectorHost {
  const targets = new Map<string, Target>();
  let arriving = 0;
  let server: Server | undefined;

  async function add(specFile: string): Promise<void> {
    arriving += 1;
    try {
      await targets.get(specFile)?.ended;
      await (targets.get(specFile) ?? begin(specFile)).up;
    } finally {
      arriving -= 1;
      endIfEmpty();
    }
  }

  function begin(specFile: string): Target {
    const up = startFrom(specFile, () => void leave(specFile));
    const target: Target = { up, ended: undefined };
    targets.set(specFile, target);
    up.catch(() => targets.delete(specFile));
    return target;
  }

  function leave(specFile: string): void {
    const target = targets.get(specFile);
    if (target === undefined) return;
    target.ended ??= target.up
      .then(
        ({ ended }) => ended,
        () => {},
      )
      .then(() => {
        targets.delete(specFile);
        endIfEmpty();
      });
  }

  /** The process ends by itself when nothing is open any more. */
  function endIfEmpty(): void {
    if (targets.size === 0 && arriving === 0) server?.close();
  }

  const status = (): CollectorHostStatus => ({ pid: process.pid, specs: [...targets.keys()] });
  return {
    add,
    open: async (socket) => {
      if (await isAnswered(socket)) return;
      rmSync(socket, { force: true });
      server = createServer((request, response) => {
        const answer = (code: number, value: unknown) =>
          response
            .writeHead(code, { 'content-type': 'application/json', connection: 'close' })
            .end(JSON.stringify(value));
        const asked = request.method === 'POST' ? specIn(request).then(add).then(status) : Promise.resolve(status());
        asked.then(
          (value) => answer(200, value),
          (thrown) => answer(400, { message: messageOf(thrown) }),
        );
      });
      await listening(server, socket);
    },
    stop: () => {
      server?.close();
      for (const { up } of targets.values())
        up.then(
          (collector) => collector.stop(),
          () => {},
        );
    },
  };
}

async function startFrom(specFile: string, onStop: () => void): Promise<RunningCollector> {
  return startCollector(JSON.parse(readFileSync(specFile, 'utf8')) as CollectorSpec, onStop);
}

async function specIn(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxBodyBytes) throw new Error(`a request may have ${maxBodyBytes} bytes at most`);
  }
  const { spec } = JSON.parse(text) as Partial<CollectorTarget>;
  if (typeof spec !== 'string') throw new Error('spec must be the path of a file');
  return spec;
}

function isAnswered(socket: string): Promise<boolean> {
  return requestOverSocket({ socket, method: 'GET', path: '/targets', timeoutMs: 1_000 }).then(
    () => true,
    () => false,
  );
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => resolve());
  });
}
