// Gathers what a timeline is built from, and finds the deployment that a person means.

import type { Observation } from '../../../api/deployment.ts';
import type { ExplanationView } from '../../../api/explanation.ts';
import type { TimelineView } from '../../../api/timeline.ts';
import type { Timelines } from '../../../api/timelines.ts';
import type { AuditAction, AuditRow } from '../../../domain/audit-events.ts';
import { ok, type Result, refuse } from '../../../domain/refusal.ts';
import type { TargetRef } from '../../../domain/target.ts';
import { archivesBetween } from '../../../state/archive/archives.ts';
import { rowsAround, searchAudit } from '../../../state/audit-search.ts';
import type { Db } from '../../../state/database.ts';
import {
  type DeploymentRow,
  readDeployment,
  readJournal,
  recentDeployments,
  type StepRow,
} from '../../../state/deployments.ts';
import { getSnapshot, observationKey } from '../../../state/snapshots.ts';
import { readRouting } from '../../../state/targets.ts';
import { requestOfDeployment } from '../../../state/waiting.ts';
import type { Core } from '../../core.ts';
import { findTarget } from '../../gates/facts.ts';
import { shareOf } from '../../routing/routing.ts';
import { explanationOf, type Present } from '../explanation/explanation.ts';
import { replayRecording } from '../explanation/replay.ts';
import { ruleOf } from '../explanation/rule.ts';
import { tallyOf } from '../explanation/tally.ts';
import { judgedWith, numbersOf } from './journal-note.ts';
import { deploymentNamed } from './named.ts';
import { timelineOf } from './timeline.ts';
import { trendOf } from './trend-of.ts';

/** Of a deployment that lasted for days on a busy target. */
const mostRows = 5_000;
const mostAround = 1_000;
const mostJudged = 100;

export const timelinesOf = (core: Core): Timelines => ({
  find: (word, ref) => {
    const found = word === 'latest' ? latest(core, ref) : deploymentNamed(core, word);
    return found.ok ? ok(timeline(core, found.value)) : found;
  },
  explain: (word, ref) => {
    const found = word === 'latest' ? latest(core, ref) : deploymentNamed(core, word);
    return found.ok ? ok(explain(core, found.value)) : found;
  },
  replay: (word, ref, { file, set }) => {
    if (file !== undefined) return replayRecording(core, { file, id: undefined, ref, set });
    const found = word === 'latest' ? latest(core, ref) : deploymentNamed(core, word);
    return found.ok ? replayRecording(core, { file, id: found.value.id, ref, set }) : found;
  },
  judged: (ref) => {
    const found = findTarget(core, ref);
    if (!found.ok) return found;
    const rows = recentDeployments(core.store.db, found.value.key, mostJudged);
    return ok(
      tallyOf(
        found.value.name,
        rows.map((row) => explain(core, row)),
      ),
    );
  },
  of: (id) => {
    const row = readDeployment(core.store.db, id);
    return row && timeline(core, row);
  },
  trend: (id) => {
    const row = readDeployment(core.store.db, id);
    return row && trendOf(core.store.db, row);
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
  const view = timelineOf({
    row,
    name: target?.name ?? `${row.service}/${row.target}`,
    journal: readJournal(db, row.id),
    events,
    around,
    archivedIn: archivedRowsOf(db, row, events),
    isCut: events.length === mostRows || around.length === mostAround,
    queued: requestOfDeployment(db, row.id),
    now: core.clock.now(),
  });
  return { ...view, trend: trendOf(db, row) };
}

/** Rows of other deployments are in these files too. */
function archivedRowsOf(db: Db, row: DeploymentRow, events: readonly AuditRow[]): readonly string[] {
  if (events.some(({ action }) => action === ('deployment-requested' satisfies AuditAction))) return [];
  return archivesBetween(db, row.requestedAt, row.finishedAt ?? Number.MAX_SAFE_INTEGER).map(({ file }) => file);
}

function explain(core: Core, row: DeploymentRow): ExplanationView {
  const journal = readJournal(core.store.db, row.id);
  return explanationOf({ timeline: timeline(core, row), journal, present: presentOf(core, row, journal) });
}

/** Of the step that users are in now. */
function presentOf(core: Core, row: DeploymentRow, journal: readonly StepRow[]): Present | undefined {
  const { db } = core.store;
  const running = journal.find(({ direction, endedAt }) => direction === 'forward' && endedAt === null);
  const target = core.targets.find(({ key }) => key.service === row.service && key.target === row.target);
  const observation = getSnapshot<Observation>(db, observationKey(row.id));
  if (!running || !target || !observation || observation.at < running.startedAt) return undefined;
  const percent = shareOf(readRouting(db, target.key).intent, row.slot);
  const judged = judgedWith({ observation: observation.value, rule: ruleOf(target.settings.judge), percent });
  return { numbers: numbersOf(observation.value), judged };
}

function latest(core: Core, ref: TargetRef): Result<DeploymentRow> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const [row] = recentDeployments(core.store.db, found.value.key, 1);
  return row ? ok(row) : refuse('no-such-deployment', `nothing was ever deployed to ${found.value.name}`, '');
}
