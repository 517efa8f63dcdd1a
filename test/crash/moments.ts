// The moments that a controller passes: each commit of a decision and each call of a driver, before and after it. A
// controller that is armed sends itself a signal at one of them, so that a kill is exact.

/** `before`: the rows are in the transaction, the call is not begun. `after`: committed, returned. */
export type Edge = 'before' | 'after';

export interface Moment {
  /** `commit step-started promote`, `call balancer.apply in promote`. */
  readonly label: string;
  readonly edge: Edge;
  /** How often this label came to this edge since the controller was armed; from 1. */
  readonly nth: number;
  /** Of the process's own clock. */
  readonly atMs: number;
  /** What the call returned, where a check needs it: the pid of a started side. */
  readonly pid?: number | undefined;
}

export interface Order {
  readonly label: string;
  readonly edge: Edge;
  readonly nth: number;
  /** Later than the moment: inside of a step or a call. */
  readonly delayMs: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export type ToController = { readonly arm: Order | 'only-record' };
export type FromController = { readonly armed: true } | { readonly moment: Moment };

export interface Moments {
  arm(order: Order | 'only-record'): void;
  pass(label: string, edge: Edge, pid?: number): void;
}

/** @param strike ends or stops this process; does not return where it ends it */
export function createMoments(passed: (moment: Moment) => void, strike: (signal: Order['signal']) => void): Moments {
  let order: Order | 'only-record' | undefined;
  let counts = new Map<string, number>();
  let step: string | undefined;
  let strikes: NodeJS.Timeout | undefined;
  return {
    arm: (next) => {
      clearTimeout(strikes);
      order = next;
      counts = new Map();
    },
    pass: (what, edge, pid) => {
      const label = step === undefined || aboutStep.test(what) ? what : `${what} in ${step}`;
      if (edge === 'after') step = stepAfter(what, step);
      if (order === undefined) return;
      const key = `${edge} ${nameOf(label)}`;
      const nth = (counts.get(key) ?? 0) + 1;
      counts.set(key, nth);
      passed({ label, edge, nth, atMs: performance.now(), pid });
      if (order === 'only-record' || nameOf(order.label) !== nameOf(label)) return;
      if (order.edge !== edge || order.nth !== nth) return;
      const { delayMs, signal } = order;
      if (delayMs === 0) strike(signal);
      else strikes = setTimeout(() => strike(signal), delayMs);
    },
  };
}

/** The end of a step and the begin of the next are one commit; a controller that begins a step again writes only its begin. */
const nameOf = (label: string): string => label.replace(/^commit .*\b((?:step|undo)-started \S+)$/, 'commit $1');

const aboutStep = /(step|undo)-(started|done|failed|undone|passed) /;

/** The step that the controller is in after this commit. */
function stepAfter(what: string, step: string | undefined): string | undefined {
  if (!aboutStep.test(what)) return step;
  return /(?:step|undo)-started (\S+)/.exec(what)?.[1];
}
