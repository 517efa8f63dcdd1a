// The users' process, as the bench directs it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReleaseName } from './releases.ts';
import type { Tally } from './tally.ts';

export type Order =
  | { readonly kind: 'serve'; readonly phase: string; readonly rates: Partial<Readonly<Record<ReleaseName, number>>> }
  | { readonly kind: 'stop' };

export interface Users {
  /** From now on so many transactions a second of each release. */
  serve(phase: string, rates: Partial<Readonly<Record<ReleaseName, number>>>): void;
  /** Lets those that wait be served, and reports what all of them saw. */
  stop(): Promise<Tally>;
  /** At once. */
  end(): void;
}

const stopMs = 180_000;

export function startUsers(url: string, rows: number): Users {
  const script = join(import.meta.dirname, 'users-process.ts');
  const child = spawn(process.execPath, [script, url, String(rows)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const told = new Promise<Tally>((resolve, reject) => {
    child.once('message', (tally) => resolve(tally as Tally));
    child.once('exit', (code) => reject(new Error(`the users' process ended with ${code}`)));
  });
  told.catch(() => undefined);
  const send = (order: Order) => child.send(order);
  return {
    serve: (phase, rates) => send({ kind: 'serve', phase, rates }),
    stop: async () => {
      send({ kind: 'stop' });
      const late = delay(stopMs, undefined, { ref: false }).then(() => {
        throw new Error('the users did not end');
      });
      return await Promise.race([told, late]);
    },
    end: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}
