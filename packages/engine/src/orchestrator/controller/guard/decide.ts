// What is to be done about a live side that is ill. Pure: the side, the other one and what was done before, in.

import type { GuardAction, GuardSettings } from '../../../config/guard/guard.ts';

export type Illness = 'unresponsive' | 'unhealthy' | 'crash-loop' | 'smoke-failing' | 'judged-bad';

/**
 * Stored per target. Times are the monotonic clock's of one boot, so that no change of the machine's clock empties the
 * window or delays an action. Lists have the oldest first, and nothing older than the guard's window.
 */
export interface GuardMemory {
  /** Missing in what an older version wrote, by the wall clock. */
  readonly bootId?: string;
  readonly crashes: { readonly side: string; readonly times: readonly number[] };
  readonly acts: readonly number[];
  /** What something was done or said about already. It ends when the side is healthy, or another one is live. */
  readonly handled?: {
    readonly side: string;
    readonly illness: Illness;
    /** From then on something more is done; undefined: people were called. */
    readonly againAt: number | undefined;
  };
}

export const noMemory: GuardMemory = { crashes: { side: '', times: [] }, acts: [] };

export interface GuardFacts {
  readonly illness: Illness | undefined;
  /** Names the release in its slot. */
  readonly side: string;
  /** The other side is warm, healthy at its last check, and its release can run on the present schema. */
  readonly standbyReady: boolean;
  readonly settings: GuardSettings;
  readonly memory: GuardMemory;
  readonly now: number;
}

export type GuardDecision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'act'; readonly action: Exclude<GuardAction, 'off'>; readonly illness: Illness }
  | { readonly kind: 'exhausted'; readonly illness: Illness };

/**
 * The guard restarts a side that does not answer where there is no better one. It does not restart one that reports
 * itself unhealthy: what that side lacks (a database), a new process lacks too, and a crash loop is restarted anyway.
 */
export function decideGuard({ illness, side, standbyReady, settings, memory, now }: GuardFacts): GuardDecision {
  if (illness === undefined) return { kind: 'nothing' };
  const { handled } = memory;
  const isHandled = handled?.side === side && handled.illness === illness;
  if (isHandled && (handled.againAt === undefined || now < handled.againAt)) return { kind: 'nothing' };
  const asked = wantedFor(illness, settings);
  if (asked === 'off') return { kind: 'nothing' };
  const action = asked === 'rollback' && !standbyReady ? insteadOfRollback[illness] : asked;
  if (action === 'page') return { kind: 'act', action, illness };
  return within(memory.acts, settings, now).length >= settings.atMost
    ? { kind: 'exhausted', illness }
    : { kind: 'act', action, illness };
}

const insteadOfRollback: Readonly<Record<Illness, 'restart' | 'page'>> = {
  unresponsive: 'restart',
  unhealthy: 'page',
  'crash-loop': 'page',
  'smoke-failing': 'page',
  'judged-bad': 'page',
};

function wantedFor(
  illness: Illness,
  { unresponsive, unhealthy, crashLoop, smokeTests = 'page', judge = 'page' }: GuardSettings,
): GuardAction {
  switch (illness) {
    case 'unresponsive':
      return unresponsive;
    case 'unhealthy':
      return unhealthy;
    case 'crash-loop':
      return crashLoop;
    case 'smoke-failing':
      return smokeTests;
    case 'judged-bad':
      return judge;
    default:
      return illness satisfies never;
  }
}

/** The times that count still. */
export function within(times: readonly number[], { withinMs }: Pick<GuardSettings, 'withinMs'>, now: number): number[] {
  return times.filter((at) => at > now - withinMs);
}

/** What is left of a memory whose times mean nothing here: what was done about which illness. It may be done again. */
export function ofThisBoot(memory: GuardMemory, bootId: string): GuardMemory {
  if (memory.bootId === bootId) return memory;
  const { handled } = memory;
  if (handled === undefined) return { ...noMemory, bootId };
  return { ...noMemory, bootId, handled: { ...handled, againAt: handled.againAt && 0 } };
}
