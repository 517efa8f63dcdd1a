// A row of the log in the hands of the model.

import type { AuditRow } from '../../packages/engine/src/domain/audit-events.ts';
import type { SlotName } from '../../packages/engine/src/domain/target.ts';
import type { Model } from './model.ts';

/** What the model cannot know from the log. */
export interface Seen {
  /** Names of the steps of the plan; empty while there is none. */
  steps(deploymentId: string): readonly string[];
  /** The release in the slot. */
  versionIn(slot: SlotName): string | undefined;
}

export interface Follow {
  readonly model: Model;
  readonly row: AuditRow;
  readonly seen: Seen;
  readonly demand: (isSo: boolean, rule: string) => void;
}

export const field = <T>({ row }: Follow, name: string): T => row.detail[name] as T;
