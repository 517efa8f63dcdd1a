/** The workspace's own time: the machine's, plus what a test has let pass. Milliseconds since 1970. */
export interface SimulatorClock {
  now(): number;
  /** Lets time pass at once: trigger ids and response URLs grow old; timers that already run do not move. */
  advance(ms: number): void;
}

export function createClock(): SimulatorClock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    advance: (ms) => {
      aheadMs += ms;
    },
  };
}
