// Processes of a release that are no web servers: what an environment must have to run them.

import type { SlotKey, TargetKey } from '../domain/target.ts';

/** What runs in a slot: what serves users, or the processes of one role beside it. */
export interface PartKey extends SlotKey {
  /** Undefined: what serves users. */
  readonly role?: string | undefined;
}

/** A capability: `start`, `stop`, `inspect`, `logs` and `quoteLog` also take a place that names a role. */
export interface ProcessRoles {
  /**
   * One change of the roles of a target at a time, across processes; released when its holder dies.
   * @throws BlueGreenError `lease-held` after `waitMs`
   */
  exclusively<Result>(target: TargetKey, waitMs: number, act: () => Promise<Result>): Promise<Result>;
  /** Roles of which something was started in the slot and not stopped since, also those that have ended by themselves. */
  recorded(slot: SlotKey): readonly string[];
  /** Where the processes of the slot read whether it is live. */
  liveFile(slot: SlotKey): string;
  /** Atomic. What a process reads is the old content or the new. */
  setLive(slot: SlotKey, state: LiveState, access: LiveAccess): void;
}

/** The whole content of a live file, with a line feed. */
export type LiveState = 'live' | 'standby';

export interface LiveAccess {
  /** Whether another account than that of the engine reads it. */
  readonly byOthers: boolean;
}
