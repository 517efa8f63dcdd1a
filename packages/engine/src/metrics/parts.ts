// What the metrics are read from.

import type { Engine } from '../api/engine.ts';
import type { Store } from '../state/store.ts';

export interface MetricsParts {
  readonly engine: Pick<Engine, 'status' | 'audit' | 'inbox' | 'settings'>;
  readonly store: Pick<Store, 'db'>;
  /** Names of the steps that a person ends. */
  readonly stepsOfPeople: readonly string[];
}
