// A canary that cannot be judged asks people: it is paused at its share, under watch as before. Who resumes it gives it
// the patience once more; who does nothing for as long as an approval waits, aborts it.

import { advanceDeployment, readDeployment } from '../../../state/deployments.ts';
import { askedKey, getSnapshot, putSnapshot } from '../../../state/snapshots.ts';
import type { StepFrame, StepResult } from '../step.ts';

interface Asked {
  /** Epoch milliseconds. */
  readonly at: number;
  /** How long the step had watched then. */
  readonly watchedMs: number;
}

export interface Asking {
  /** From when the patience counts, in watched time. */
  from(watchMs: number): number;
  /** Pauses; the step goes on. */
  ask(sentence: string, watchedMs: number): StepResult | undefined;
  isUnanswered(): boolean;
}

export function createAsking({ core, lease, target, deployment, stepKey }: StepFrame): Asking {
  const key = askedKey(deployment.id, stepKey.position);
  const asked = () => getSnapshot<Asked>(core.store.db, key)?.value;
  return {
    from: (watchMs) => Math.max(watchMs, asked()?.watchedMs ?? 0),
    ask: (sentence, watchedMs) => {
      core.store.under(lease).write((tx) => {
        const row = readDeployment(tx.db, deployment.id);
        if (row === undefined || row.pausedAt !== null || row.direction !== 'forward') return;
        putSnapshot(tx.db, key, { at: tx.now, watchedMs } satisfies Asked, tx.now);
        advanceDeployment(tx, row.id, { pausedAt: tx.now, pausedBy: 'engine' });
        tx.audit({
          ...target.key,
          actor: 'engine',
          action: 'paused',
          deploymentId: row.id,
          sentence: `asks what to do with ${row.version}, which is paused: ${sentence}`,
        });
      });
      return undefined;
    },
    isUnanswered: () => {
      const last = asked();
      if (last === undefined || core.clock.now() < last.at + target.settings.approval.deadlineMs) return false;
      const row = readDeployment(core.store.db, deployment.id);
      return row?.pausedBy === 'engine' && row.pausedAt === last.at;
    },
  };
}
