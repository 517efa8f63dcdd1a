// Everything that one run has measured.

import type { BenchOptions } from '../figures.ts';
import type { ShareTrial } from './share.ts';
import type { Throughput } from './throughput.ts';
import type { Trial } from './trial.ts';

export interface Results {
  readonly trials: readonly Trial[];
  readonly throughputs: readonly Throughput[];
  readonly shares: readonly ShareTrial[];
  readonly families: readonly string[];
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
  readonly options: BenchOptions;
}
