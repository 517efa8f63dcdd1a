// Keeps the trend of both sides for people who look during a canary or later. Written with the observation, so that it
// costs no transaction of its own.

import { createTrend, type StoredTrend, type TrendLook } from '../../../analysis/trend.ts';
import type { Db } from '../../../state/database.ts';
import { getSnapshot, putSnapshot, trendKey } from '../../../state/snapshots.ts';
import type { StepFrame } from '../step.ts';

export interface TrendRecorder {
  add(look: TrendLook): void;
  write(db: Db, at: number): void;
}

export function createTrendRecorder({ core, deployment }: Pick<StepFrame, 'core' | 'deployment'>): TrendRecorder {
  const key = trendKey(deployment.id);
  const trend = createTrend(getSnapshot<StoredTrend>(core.store.db, key)?.value);
  return {
    add: (look) => trend.add(look),
    write: (db, at) => {
      const state = trend.state();
      if (state !== undefined) putSnapshot(db, key, state, at);
    },
  };
}
