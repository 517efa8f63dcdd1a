// Work that ends early when a person gives the deployment up or this process stops driving. Its effects are always
// awaited: nothing goes on behind the journal's back.

import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { storageFault } from '../../lib/storage-fault.ts';
import { MigrationError } from '../../migrator/error.ts';
import { pendingAbort } from '../../state/deployments.ts';
import { isUnwritten } from '../../state/patience.ts';
import { migrationSentence, reasonOf } from '../schema/words.ts';
import type { Run } from './journal.ts';
import { failed, interrupted, type StepResult } from './step.ts';

/**
 * Turns what is thrown into a failure, except `fenced-out`: then this process may not act any more; and `state-locked`:
 * then the step begins again as soon as the state can be written.
 */
export async function interruptible(run: Run, work: (stop: AbortSignal) => Promise<StepResult>): Promise<StepResult> {
  const over = new AbortController();
  const givenUp = new AbortController();
  const watching = watchForAbort(run, AbortSignal.any([run.signal, over.signal]), () => givenUp.abort());
  const stop = AbortSignal.any([run.signal, givenUp.signal]);
  try {
    const result = await work(stop).catch((thrown: unknown) => failureOf(run, thrown, stop.aborted));
    return run.signal.aborted && result.kind === 'failed' ? interrupted : result;
  } finally {
    over.abort();
    await watching;
  }
}

function failureOf({ core, row }: Run, thrown: unknown, stopped: boolean): StepResult {
  if (isUnwritten(thrown)) throw thrown;
  if (!stopped) core.log.error({ deployment: row.id, err: thrown }, 'step failed');
  if (thrown instanceof MigrationError) return failed(reasonOf(thrown), migrationSentence(thrown));
  const fault = storageFault(thrown) ?? thrown;
  return failed(fault instanceof BlueGreenError ? fault.code : 'fault', messageOf(fault));
}

async function watchForAbort({ core, row }: Run, signal: AbortSignal, abort: () => void): Promise<void> {
  while (!signal.aborted) {
    if (pendingAbort(core.store.db, row.id)) return abort();
    await core.changeSignal.changed(1_000, signal);
  }
}
