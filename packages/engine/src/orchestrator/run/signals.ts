// What people said to a running deployment, taken in the same transaction as what follows from it: a driver that is
// killed in between neither forgets a word nor hears it twice.

import { shortName } from '../../domain/actor.ts';
import {
  consumeSignal,
  type DeploymentRow,
  pendingAbort,
  readDeployment,
  type SignalRow,
} from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { eventOf } from './journal.ts';
import { failed, type StepResult } from './step.ts';

/** The failure that a person's abort means; undefined when no person gave it up. */
export function takeAbort(tx: Tx, row: DeploymentRow): StepResult | undefined {
  const signal = pendingAbort(tx.db, row.id);
  if (!signal) return undefined;
  const why = signal.reason ? `: ${signal.reason}` : '';
  take(tx, row, signal, `${shortName(signal.actor)} gave it up${why}`);
  const promoted = (readDeployment(tx.db, row.id) ?? row).promotedAt !== null;
  return failed('given-up', `${promoted ? 'taken back' : 'aborted'} by ${shortName(signal.actor)}${why}`, signal.actor);
}

/** A promote that ended a step. */
export function takeSignal(tx: Tx, row: DeploymentRow, signal: SignalRow | undefined): void {
  if (signal) take(tx, row, signal, `${shortName(signal.actor)} moved it on (${signal.kind})`);
}

function take(tx: Tx, row: DeploymentRow, signal: SignalRow, sentence: string): void {
  consumeSignal(tx, signal.seq);
  tx.audit({ ...eventOf(row, 'signal-taken', sentence), actor: signal.actor });
}
