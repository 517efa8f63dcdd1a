// Notes what else changes while users are on both sides. It follows the audit log by a cursor, which is stored with what was
// found, so that the process that continues misses nothing and marks nothing twice.

import type { Confounder } from '../../../domain/confounder.ts';
import { auditAfter, latestHead } from '../../../state/audit.ts';
import type { Db } from '../../../state/database.ts';
import { getSnapshot, marksKey, putSnapshot } from '../../../state/snapshots.ts';
import { confounderIn } from '../../views/timeline/confounders.ts';
import type { StepFrame } from '../step.ts';

export interface StoredMarks {
  /** Row of the audit log that was read last. */
  readonly seq: number;
  /** Oldest first. */
  readonly marks: readonly Confounder[];
}

export interface ConfounderWatch {
  /** What has changed since the look before. `isShared`: both sides have users. */
  look(isShared: boolean): readonly Confounder[];
  write(db: Db, at: number): void;
}

/** As many as people read; of more, the first ones. */
const mostMarks = 50;
/** More rows than these wait for the next look. */
const rowsPerLook = 200;

export function createConfounderWatch({ core, deployment, target }: StepFrame): ConfounderWatch {
  const { db } = core.store;
  const key = marksKey(deployment.id);
  const { service, target: name } = target.key;
  let state = getSnapshot<StoredMarks>(db, key)?.value ?? { seq: latestHead(db)?.seq ?? 0, marks: [] };
  return {
    look: (isShared) => {
      const rows = auditAfter(db, state.seq, rowsPerLook);
      const fresh = rows.flatMap((row) => {
        const isHere = row.service === service && row.target === name;
        return isShared && isHere ? (confounderIn(row) ?? []) : [];
      });
      state = { seq: rows.at(-1)?.seq ?? state.seq, marks: [...state.marks, ...fresh].slice(0, mostMarks) };
      return fresh;
    },
    write: (db, at) => putSnapshot(db, key, state, at),
  };
}
