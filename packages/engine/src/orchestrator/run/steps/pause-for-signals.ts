// A signal that fails pauses the deployment, once: who resumes it has seen it.

import type { CheckView } from '../../../api/deployment.ts';
import { advanceDeployment, readDeployment } from '../../../state/deployments.ts';
import { getSnapshot, pausedForKey, putSnapshot } from '../../../state/snapshots.ts';
import type { StepFrame } from '../step.ts';
import { sentenceOf } from './checks.ts';

export function pauseForSignals({ core, lease, target, deployment }: StepFrame, checks: readonly CheckView[]): void {
  const failed = checks.filter(
    ({ judgement, effect, dryRun }) => judgement.verdict === 'Failed' && effect === 'signal' && !dryRun,
  );
  if (failed.length === 0) return;
  const key = pausedForKey(deployment.id);
  const before = getSnapshot<readonly string[]>(core.store.db, key)?.value ?? [];
  const news = failed.filter(({ name }) => !before.includes(name));
  if (news.length === 0) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, key, [...before, ...news.map(({ name }) => name)], tx.now);
    const row = readDeployment(tx.db, deployment.id);
    if (row === undefined || row.pausedAt !== null || row.direction !== 'forward' || row.finishedAt !== null) return;
    advanceDeployment(tx, row.id, { pausedAt: tx.now, pausedBy: 'engine' });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'paused',
      deploymentId: row.id,
      sentence: `pauses ${row.version}: ${news.map(sentenceOf).join('; ')}`,
    });
  });
}
