// A canary that was recorded, judged once more.

import type { Replay, VerdictChange } from '../analysis/replay.ts';
import type { RecordingHead } from '../domain/recording.ts';

export type { VerdictChange };

export interface ReplayView extends RecordingHead, Omit<Replay, 'evidence'> {
  /** Of the recording. */
  readonly path: string;
  /** What is another in the policy; undefined: nothing. */
  readonly set: string | undefined;
  /** Name of the target whose policy is the base. */
  readonly policyOf: string;
  /** Lines of the recording that could not be read. */
  readonly unreadable: number;
}
