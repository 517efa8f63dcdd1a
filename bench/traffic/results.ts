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
  readonly failures: readonly Failure[];
  /** In words. */
  readonly busy: string;
  readonly options: BenchOptions;
}

/** What could not be measured to its end. */
export interface Failure {
  readonly what: string;
  readonly why: string;
  /** Of this project, and so a missed bar; a program that people use instead may fail. */
  readonly isOurs: boolean;
}
