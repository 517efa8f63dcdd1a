// How long releases of a target took from their start to the proof that they work, from the journal of its deployments.

import type { TargetKey } from '../../domain/target.ts';
import type { Db } from '../../state/database.ts';
import { readJournal, recentDeployments, type StepRow } from '../../state/deployments.ts';
import { knownStep } from '../run/steps/named.ts';

const newest = 20;

/** Newest first, in ms; only of starts that led to a live release. */
export function startTimes(db: Db, key: TargetKey): readonly number[] {
  return recentDeployments(db, key, newest)
    .filter(({ promotedAt }) => promotedAt !== null)
    .flatMap(({ id }) => {
      const steps = readJournal(db, id).filter(isWork);
      if (!steps.some(({ name }) => knownStep(name)?.isStartingSide)) return [];
      return [steps.reduce((sum, { startedAt, endedAt }) => sum + (endedAt ?? startedAt) - startedAt, 0)];
    });
}

/** What a rollback to a stopped release does too: neither a wait for time or people, nor a move of users. */
function isWork({ name, direction, status }: StepRow): boolean {
  const step = knownStep(name);
  return direction === 'forward' && status === 'done' && step?.waitsFor === 'nothing' && step.moves === 'none';
}
