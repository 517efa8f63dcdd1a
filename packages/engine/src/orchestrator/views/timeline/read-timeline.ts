// Gathers what a timeline is built from, and finds the deployment that a person means.

import type { Timelines, TimelineView } from '../../../api/timeline.ts';
import { ok, type Result, refuse } from '../../../domain/refusal.ts';
import type { TargetRef } from '../../../domain/target.ts';
import { rowsAround, searchAudit } from '../../../state/audit-search.ts';
import { type DeploymentRow, readDeployment, readJournal, recentDeployments } from '../../../state/deployments.ts';
import { requestOfDeployment } from '../../../state/waiting.ts';
import type { Core } from '../../core.ts';
import { findTarget } from '../../gates/facts.ts';
import { deploymentNamed } from './named.ts';
import { timelineOf } from './timeline.ts';

/** Of a deployment that lasted for days on a busy target. */
const mostRows = 5_000;
const mostAround = 1_000;

export const timelinesOf = (core: Core): Timelines => ({
  find: (word, ref) => {
    const found = word === 'latest' ? latest(core, ref) : deploymentNamed(core, word);
    return found.ok ? ok(timeline(core, found.value)) : found;
  },
  of: (id) => {
    const row = readDeployment(core.store.db, id);
    return row && timeline(core, row);
  },
});

function timeline(core: Core, row: DeploymentRow): TimelineView {
  const { db } = core.store;
  const events = searchAudit(db, { deploymentId: row.id }, { limit: mostRows, order: 'oldest-first' });
  const from = events[0]?.seq ?? 0;
  // What is done with the sides after the end has the deployment in its rows; what else happens then is not about it.
  const to = events.findLast(({ action }) => action === 'deployment-finished')?.seq ?? Number.MAX_SAFE_INTEGER;
  const around = events.length === 0 ? [] : rowsAround(db, row, { from, to, limit: mostAround });
  const target = core.targets.find(({ key }) => key.service === row.service && key.target === row.target);
  return timelineOf({
    row,
    name: target?.name ?? `${row.service}/${row.target}`,
    journal: readJournal(db, row.id),
    events,
    around,
    isCut: events.length === mostRows || around.length === mostAround,
    queued: requestOfDeployment(db, row.id),
    now: core.clock.now(),
  });
}

function latest(core: Core, ref: TargetRef): Result<DeploymentRow> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const [row] = recentDeployments(core.store.db, found.value.key, 1);
  return row ? ok(row) : refuse('no-such-deployment', `nothing was ever deployed to ${found.value.name}`, '');
}
