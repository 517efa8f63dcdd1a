// A deployment looked back on. Pure: everything comes from its row, its journal and rows of the audit log, so that the
// same sources give the same timeline years later, on another machine.

import type { OutcomeView } from '../../../api/deployment.ts';
import type { TimelineEntry, TimelineView } from '../../../api/timeline.ts';
import { type AuditRow, readEvent } from '../../../domain/audit-events.ts';
import type { DeploymentRow, StepRow } from '../../../state/deployments.ts';
import { approvalsOf, routingsOf, sharesOf } from './decisions-of.ts';
import { noteOf } from './journal-note.ts';
import { stepsOf } from './steps-of.ts';
import { coveredMs, type Queued, waitsOf } from './waits-of.ts';

export interface TimelineSources {
  readonly row: DeploymentRow;
  /** `shop`, or `shop/staging`. */
  readonly name: string;
  readonly journal: readonly StepRow[];
  /** Rows of the deployment itself, in their order. */
  readonly events: readonly AuditRow[];
  /** Rows of its target, and of the machine, in that time. */
  readonly around: readonly AuditRow[];
  /** There were more of them than were read. */
  readonly isCut: boolean;
  /** Names of the files that its rows, or some of them, were moved to. */
  readonly archivedIn?: readonly string[] | undefined;
  readonly queued: Queued | undefined;
  readonly now: number;
}

export function timelineOf(sources: TimelineSources): TimelineView {
  const { row, name, journal, events, queued } = sources;
  const beganAt = row.requestedAt;
  const endedAt = row.finishedAt ?? undefined;
  const until = endedAt ?? Math.max(sources.now, beganAt);
  const askedAt = Math.min(queued?.requestedAt ?? beganAt, beganAt);
  const waits = waitsOf({ queued, beganAt, journal, events, until });
  const entries = entriesOf(sources);
  const totalMs = Math.max(0, until - askedAt);
  const waitedMs = coveredMs(waits, { from: askedAt, to: until });
  return {
    id: row.id,
    service: row.service,
    target: row.target,
    name,
    mode: row.mode,
    version: row.version,
    digest: row.digest ?? undefined,
    commit: commitIn(events),
    from: row.fromVersion ?? undefined,
    slot: row.slot,
    requestedBy: row.requestedBy,
    reason: row.reason ?? undefined,
    askedAt,
    beganAt,
    endedAt,
    outcome: outcomeOf(row, events),
    duration: { totalMs, waitedMs, machineMs: totalMs - waitedMs },
    steps: stepsOf({ version: row.version, plan: row.plan, beganAt, journal, events, waits, until }),
    waits,
    approvals: approvalsOf(events),
    shares: sharesOf(events, row.slot, until),
    routings: routingsOf(events),
    ...failingIn(journal),
    refusals: entries.filter(({ action }) => action === 'refused' || action === 'request-refused'),
    entries,
    remarks: remarksOf(sources),
  };
}

function failingIn(journal: readonly StepRow[]): Pick<TimelineView, 'failing' | 'failingProblem'> {
  const found = journal.map((row) => noteOf(row).failing).find((failing) => failing !== undefined);
  return found === undefined ? {} : { failing: found.requests, failingProblem: found.problem };
}

/** The sentence is the one of the log, from which secrets were removed. */
function outcomeOf(
  { outcome, finishedAt, causeCode, cause, causeActor }: DeploymentRow,
  events: readonly AuditRow[],
): OutcomeView | undefined {
  if (outcome === null || finishedAt === null) return undefined;
  const finished = events.find(({ action }) => action === 'deployment-finished');
  return {
    kind: outcome,
    code: causeCode ?? outcome,
    sentence: finished?.sentence ?? cause ?? '',
    actor: causeActor ?? 'engine',
    at: finishedAt,
  };
}

function commitIn(events: readonly AuditRow[]): string | undefined {
  const planned = events.map(readEvent).find((event) => event?.action === 'planned');
  return planned?.action === 'planned' ? planned.detail.commit : undefined;
}

function entriesOf({ events, around }: TimelineSources): readonly TimelineEntry[] {
  return [...events.map((row) => entryOf(row, 'deployment')), ...around.map((row) => entryOf(row, 'around'))].toSorted(
    (one, other) => one.seq - other.seq,
  );
}

function entryOf(row: AuditRow, about: TimelineEntry['about']): TimelineEntry {
  const { seq, at, actor, action, code, sentence } = row;
  const event = readEvent(row);
  const log = event?.action === 'crashed' ? (event.detail.lastLog ?? []) : [];
  return { seq, at, actor, action, code: code ?? undefined, sentence, about, log };
}

const moved = ['clock-jumped', 'machine-suspended'];

function remarksOf({ events, around, journal, isCut, archivedIn = [] }: TimelineSources): readonly string[] {
  const jumps = around.filter(({ action }) => moved.includes(action));
  const runsBack = [...events, ...around].toSorted((one, other) => one.seq - other.seq).some(isEarlier);
  return [
    ...(events.some(({ action }) => action === 'deployment-requested')
      ? []
      : [
          'its first rows are not in this audit log: what is shown is from its journal and from the rows that are left',
        ]),
    ...(archivedIn.length === 0
      ? []
      : [`its rows of the audit log were archived in ${archivedIn.join(', ')}: this is what the state still knows`]),
    ...(isCut ? ['more happened around it than is shown here: see bg audit list'] : []),
    ...jumps.map(({ sentence }) => `times of day may be wrong: ${sentence}`),
    ...(runsBack && jumps.length === 0 ? ['the clock of the machine was set back meanwhile'] : []),
    ...(journal.some(({ attempts }) => attempts > 1)
      ? ['a step was begun again, since the process that moved the deployment had ended']
      : []),
  ];
}

const isEarlier = ({ at }: AuditRow, index: number, rows: readonly AuditRow[]): boolean =>
  index > 0 && at < (rows[index - 1]?.at ?? 0);
