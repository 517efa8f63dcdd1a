// Where no process drives deployments, the command line does it itself for as long as it is asked to.

import type { Engine } from '@bg/engine';

export interface ForegroundDriver {
  running(): boolean;
  start(): void;
  /** Gives the lease back. Resolves when this process changes nothing any more. @throws what made driving fail */
  stop(): Promise<void>;
}

export function createForegroundDriver(engine: Pick<Engine, 'drive'>): ForegroundDriver {
  const off = new AbortController();
  let driving: Promise<unknown> | undefined;
  let ended = false;
  return {
    running: () => driving !== undefined && !ended,
    start: () => {
      // The error is stored as a value, so that only a caller that waits for it gets it thrown.
      driving ??= engine
        .drive(off.signal)
        .catch((thrown: unknown) => (off.signal.aborted ? undefined : { thrown }))
        .finally(() => {
          ended = true;
        });
    },
    stop: async () => {
      off.abort();
      const fault = await driving;
      if (fault !== undefined) throw (fault as { readonly thrown: unknown }).thrown;
    },
  };
}
