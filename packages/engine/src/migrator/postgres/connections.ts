// The two sessions of a migrator: one works and holds the lock, the other observes it. A lost one is replaced, but not
// while its lock is needed.

import { createKeyedMutex } from '../../lib/keyed-mutex.ts';
import { MigrationError } from '../error.ts';
import type { Address } from './address.ts';
import { migrationErrorOf } from './errors.ts';
import { refusePooler } from './pooler.ts';
import { connect, type Session } from './session.ts';

export interface Connections {
  /** One use at a time, so that no statement falls into another user's transaction. @throws MigrationError */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** @throws the server's own error */
  watcher(): Promise<Session>;
  close(): Promise<void>;
}

/** @param needed the session that holds the migrators' lock */
export function createConnections(address: Address, needed: () => Session | undefined): Connections {
  const mutex = createKeyedMutex();
  let main: Session | undefined;
  let watching: Promise<Session> | undefined;
  let isClosed = false;

  async function present(): Promise<Session> {
    if (main?.isAlive()) return main;
    if (isClosed) throw new MigrationError('unreachable', `${address.shown}: the connection was closed`);
    if (needed() !== undefined)
      throw new MigrationError(
        'unreachable',
        `${address.shown}: the connection that held the migrators’ lock was lost`,
        {
          hint: 'Nothing is half done: the next run goes on where this one ended.',
        },
      );
    const session = await connect(address);
    await refusePooler(session, () => connect(address)).catch((thrown: unknown) => {
      session.destroy();
      throw thrown;
    });
    main = session;
    return session;
  }

  return {
    use: (work) =>
      mutex('session', async () => {
        try {
          return await work(await present());
        } catch (thrown) {
          throw migrationErrorOf(thrown, address.shown);
        }
      }),
    watcher: async () => {
      const before = await watching?.catch(() => undefined);
      if (before?.isAlive()) return before;
      watching = connect(address);
      return await watching;
    },
    close: async () => {
      isClosed = true;
      const other = await watching?.catch(() => undefined);
      await Promise.all([main?.close(), other?.close()]);
    },
  };
}
