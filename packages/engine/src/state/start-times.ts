// How long releases of a target took from their start to the proof that they work, from the journal of its deployments.

import type { TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { readJournal, recentDeployments } from './deployments.ts';

/** What a rollback to a stopped release does before its promotion. */
const untilProved: ReadonlySet<string> = new Set(['start-preview', 'check-health', 'smoke-test', 'prove-preview']);
const newest = 20;

/** Newest first, in ms; only of starts that led to a live release. */
export function startTimes(db: Db, key: TargetKey): readonly number[] {
  return recentDeployments(db, key, newest)
    .filter(({ promotedAt }) => promotedAt !== null)
    .flatMap(({ id }) => {
      const steps = readJournal(db, id).filter(
        ({ name, direction, status }) => direction === 'forward' && status === 'done' && untilProved.has(name),
      );
      if (!steps.some(({ name }) => name === 'start-preview')) return [];
      return [steps.reduce((sum, { startedAt, endedAt }) => sum + (endedAt ?? startedAt) - startedAt, 0)];
    });
}
