// The trend that the judge's looks left, with the moment in which it was decided.

import type { StoredTrend } from '../../../analysis/trend.ts';
import type { TrendDecision, TrendView } from '../../../api/trend.ts';
import type { Db } from '../../../state/database.ts';
import { type DeploymentRow, readJournal, type StepRow } from '../../../state/deployments.ts';
import { getSnapshot, marksKey, trendKey } from '../../../state/snapshots.ts';
import type { StoredMarks } from '../../run/steps/confounder-watch.ts';

export function trendOf(db: Db, row: DeploymentRow): TrendView | undefined {
  const points = getSnapshot<StoredTrend>(db, trendKey(row.id))?.value.points ?? [];
  if (points.length === 0) return undefined;
  const marks = getSnapshot<StoredMarks>(db, marksKey(row.id))?.value.marks ?? [];
  return {
    ...(marks.length === 0 ? {} : { marks }),
    version: row.version,
    from: row.fromVersion ?? undefined,
    points,
    decision: decisionOf(row, readJournal(db, row.id)),
  };
}

/** Going back begins with the first step that is undone; before that, users still had the new side. */
function decisionOf({ direction }: DeploymentRow, journal: readonly StepRow[]): TrendDecision | undefined {
  const undone = journal.filter((step) => step.direction === 'unwinding').map(({ startedAt }) => startedAt);
  if (direction === 'unwinding' && undone.length > 0) return { at: Math.min(...undone), kind: 'reverted' };
  const promote = journal.find((step) => step.direction === 'forward' && step.name === 'promote');
  return promote && { at: promote.startedAt, kind: 'promoted' };
}
