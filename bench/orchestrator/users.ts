// Starts the users, and asks them what they have seen.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Seen {
  readonly versions: Readonly<Record<string, { readonly first: number; readonly last: number }>>;
  readonly sent: number;
  readonly lost: number;
}

export interface Users {
  /** Since the last look. */
  look(): Promise<Seen>;
  end(): void;
}

/** Of the monotonic clock that all processes of the machine share. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export async function startUsers(port: number, { users, limitMs }: { users: number; limitMs: number }): Promise<Users> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'users-process.ts'), [port, users, limitMs].map(String), {
    execArgv: [],
  });
  await once(child, 'message');
  return {
    look: async () => {
      child.send('look');
      const [seen] = await once(child, 'message');
      return seen as Seen;
    },
    end: () => void child.disconnect(),
  };
}
