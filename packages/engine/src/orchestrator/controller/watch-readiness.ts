// A rollback that was instant and is not any more is announced within the round that found it. A deployment takes the
// standby's slot by design, so nothing is compared while one runs.

import { liveDeployment } from '../../state/deployments.ts';
import { getSnapshot, putSnapshot, readinessKey } from '../../state/snapshots.ts';
import type { TargetContext } from '../core.ts';
import { type Readiness, readiness } from '../views/readiness.ts';

const ranks = { instant: 0, slow: 1, blocked: 2 } as const;

type Seen = Pick<Readiness, 'readiness' | 'version'>;

export function watchReadiness({ core, target, lease }: TargetContext): void {
  const { db } = core.store;
  if (liveDeployment(db, target.key)) return;
  const now = readiness(core, target);
  const key = readinessKey(target.key);
  const before = getSnapshot<Seen>(db, key)?.value;
  if (before?.readiness === now.readiness && before.version === now.version) return;
  const seen: Seen = { readiness: now.readiness, version: now.version };
  if (before === undefined || before.readiness === now.readiness) {
    core.store.note((noted, at) => putSnapshot(noted, key, seen, at));
    return;
  }
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, key, seen, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'readiness-changed',
      code: now.readiness,
      sentence: `a rollback of ${target.name} is ${now.readiness} now, and was ${before.readiness}: ${now.sentence}`,
      detail: { before: before.readiness, worse: ranks[now.readiness] > ranks[before.readiness] },
    });
  });
}
