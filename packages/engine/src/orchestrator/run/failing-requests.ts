// The first requests that failed on a side that was taken back. They are asked for when the users have left it: nothing
// here may hold up the way back, or be a reason for it to fail.

import type { FailedRequest } from '../../domain/failed-request.ts';
import { deadline } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { readJournal, type StepRow } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { requireTarget } from '../core.ts';
import { type FailingRequests, noteOf } from '../views/timeline/journal-note.ts';
import type { Run } from './journal.ts';
import { noteSeen } from './seen-in-step.ts';
import { knownStep } from './steps/named.ts';

const answerWithinMs = 2_000;

/** What the end of the deployment notes in its own transaction; undefined: nothing. Never rejects. */
export type FailingNote = ((tx: Tx) => void) | undefined;

/** For the journal, with the first step that gave users to the side. */
export async function failingRequests({ core, row, signal }: Run): Promise<FailingNote> {
  const { counts } = requireTarget(core, row).balancer;
  const step = readJournal(core.store.db, row.id).find(gaveUsers);
  if (row.direction === 'forward' || counts === undefined || step === undefined) return undefined;
  const limit = deadline(answerWithinMs, signal);
  const failing = await Promise.race([
    counts.failures(row.slot, step.startedAt).then((requests) => ({ requests }), unlisted),
    new Promise<FailingRequests>((resolve) => {
      const late = () => resolve(unlisted(`no answer within ${answerWithinMs} ms`));
      limit.addEventListener('abort', late, { once: true });
    }),
  ]);
  return (tx) => noteSeen(tx, step, { ...noteOf(step), failing });
}

const gaveUsers = ({ direction, name }: StepRow): boolean =>
  direction === 'forward' && (knownStep(name)?.moves ?? 'none') !== 'none';

const unlisted = (thrown: unknown): { readonly requests: readonly FailedRequest[]; readonly problem: string } => ({
  requests: [],
  problem: typeof thrown === 'string' ? thrown : messageOf(thrown),
});
