// The senders' process, as the bench directs it.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Sending {
  readonly port: number;
  readonly secret: string;
  readonly connections: number;
  readonly seconds: number;
  /** At a steady pace, whether or not those before were answered; left out: each connection as fast as it is answered. */
  readonly perSecond?: number;
  /** Number of the first delivery; each is another one. */
  readonly first: number;
  /** What was not answered is sent again until it is. */
  readonly isPatient: boolean;
}

export interface Sent {
  /** Milliseconds from when it was due to its answer. */
  readonly answered: readonly (readonly [number: number, status: number, ms: number])[];
  readonly unanswered: readonly number[];
  /** How many were sent again. */
  readonly again: number;
  /** Number of the next delivery. */
  readonly next: number;
  readonly tookMs: number;
}

export interface Load {
  send(sending: Sending): Promise<Sent>;
  end(): void;
}

export function startLoad(): Load {
  const child: ChildProcess = fork(join(import.meta.dirname, 'load-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    send: async (sending) => {
      const limit = AbortSignal.timeout((sending.seconds + 120) * 1_000);
      const told = once(child, 'message', { signal: limit });
      child.send(sending);
      return (await told)[0] as Sent;
    },
    end: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}
