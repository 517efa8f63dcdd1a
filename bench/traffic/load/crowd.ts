// The load and the services behind the proxies as separate processes, so that nothing they do delays a command.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SlotName } from '@bg/engine';
import type { LoadSize, Message } from './client.ts';
import type { Report } from './records.ts';

export interface RunningLoad {
  /** Requests ended so far. */
  sent(): Promise<number>;
  /** Sends no more, waits for what is under way, and reports. */
  stop(): Promise<Report>;
}

export interface Backends {
  readonly ports: Readonly<Record<SlotName, number>>;
  close(): void;
}

const answerLimitMs = 30_000;

export function startLoad(load: LoadSize, port: number): RunningLoad {
  const child = forkOf('client.ts', []);
  const tell = (told: Message): boolean => child.send(told);
  tell({ kind: 'begin', load, port });
  return {
    sent: async () => {
      tell({ kind: 'count' });
      return (await heard<{ readonly kind: 'count'; readonly sent: number }>(child, 'count')).sent;
    },
    stop: async () => {
      tell({ kind: 'stop' });
      const { report } = await heard<{ readonly kind: 'report'; readonly report: Report }>(child, 'report');
      return report;
    },
  };
}

export async function startBackends(): Promise<Backends> {
  const children = { blue: forkOf('backend.ts', ['blue']), green: forkOf('backend.ts', ['green']) };
  const port = async (child: ChildProcess) => (await heard<{ readonly port: number }>(child, undefined)).port;
  return {
    ports: { blue: await port(children.blue), green: await port(children.green) },
    close: () => {
      for (const child of Object.values(children)) child.disconnect();
    },
  };
}

function forkOf(program: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(program, import.meta.url)), args, { serialization: 'advanced' });
}

/** The next message of that kind. @throws when the process ends or is silent */
function heard<Message>(child: ChildProcess, kind: string | undefined): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => give(new Error(`a process of the load is silent: ${kind}`)), answerLimitMs);
    const listen = (message: unknown): void => {
      if (kind !== undefined && (message as { readonly kind?: string }).kind !== kind) return;
      stop();
      resolve(message as Message);
    };
    const gone = (code: number | null): void => give(new Error(`a process of the load ended with ${code}`));
    function stop(): void {
      clearTimeout(timer);
      child.off('message', listen).off('exit', gone);
    }
    function give(error: Error): void {
      stop();
      reject(error);
    }
    child.on('message', listen).once('exit', gone);
  });
}
