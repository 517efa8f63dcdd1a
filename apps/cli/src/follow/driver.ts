// If no other process is the controller, the command line is the controller itself for as long as it is needed.

import type { Engine } from '@bg/engine';

export interface ForegroundDriver {
  running(): boolean;
  start(): void;
  /** Releases the lease. Resolves when this process changes nothing any more. @throws what ended the controller */
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
