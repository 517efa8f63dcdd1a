// When a deployment waited for people, their calendar or another deployment. Pure: rows in, spans out.

import type { TimelineWait } from '../../../api/timeline.ts';
import type { AuditRow } from '../../../domain/audit-events.ts';
import type { StepRow } from '../../../state/deployments.ts';
import { knownStep } from '../../run/steps/named.ts';

/** A request that waited before it became this deployment. */
export interface Queued {
  readonly requestedAt: number;
  readonly dueAt: number | null;
}

export interface WaitSources {
  readonly queued: Queued | undefined;
  readonly beganAt: number;
  readonly journal: readonly StepRow[];
  readonly events: readonly AuditRow[];
  /** The end of the deployment, or now. */
  readonly until: number;
}

export function waitsOf(sources: WaitSources): readonly TimelineWait[] {
  const { events, until } = sources;
  return [
    ...beforeBeginning(sources),
    ...stepWaits(sources),
    ...spans(events, until, { kind: 'pause', begins: ['paused'], ends: ['resumed'] }),
    ...spans(events, until, { kind: 'freeze', begins: ['freeze-holds'], ends: ['freeze-passed', 'freeze-overridden'] }),
  ].toSorted((one, other) => one.from - other.from);
}

function beforeBeginning({ queued, beganAt }: WaitSources): readonly TimelineWait[] {
  if (!queued) return [];
  const due = queued.dueAt === null ? queued.requestedAt : Math.min(queued.dueAt, beganAt);
  const scheduled = wait('schedule', queued.requestedAt, due, 'its time came');
  const waited = wait('queue', Math.max(due, queued.requestedAt), beganAt, 'the target was free');
  return [scheduled, waited].filter(({ ms }) => ms > 0);
}

function stepWaits({ journal, events, until }: WaitSources): readonly TimelineWait[] {
  return journal.flatMap(({ name, direction, status, startedAt, endedAt }) => {
    if (knownStep(name)?.waitsFor !== 'people' || direction !== 'forward' || status === 'skipped') return [];
    const to = endedAt ?? until;
    const isApproval = events.some(({ action, at }) => action === 'approval-asked' && at >= startedAt && at <= to);
    const ended = events.find(
      ({ action, sentence, at }) =>
        (action === 'step-done' || action === 'step-failed') && at === endedAt && sentence.startsWith(`${name}: `),
    );
    const sentence = ended?.sentence.slice(name.length + 2) ?? '';
    return [wait(isApproval ? 'approval' : 'hold', startedAt, to, sentence, endedAt === null)];
  });
}

interface Span {
  readonly kind: TimelineWait['kind'];
  readonly begins: readonly string[];
  readonly ends: readonly string[];
}

/** A turn back and the end of the deployment end every wait. A hold that is written twice is one. */
function spans(events: readonly AuditRow[], until: number, { kind, begins, ends }: Span): readonly TimelineWait[] {
  const found: TimelineWait[] = [];
  let open: AuditRow | undefined;
  for (const event of events) {
    if (begins.includes(event.action)) open ??= event;
    const isOver =
      ends.includes(event.action) || event.action === 'turned-back' || event.action === 'deployment-finished';
    if (open === undefined || !isOver) continue;
    found.push(wait(kind, open.at, event.at, event.sentence));
    open = undefined;
  }
  if (open !== undefined) found.push(wait(kind, open.at, until, '', true));
  return found;
}

function wait(
  kind: TimelineWait['kind'],
  from: number,
  to: number,
  ...[sentence, isOpen = false]: readonly [string, boolean?]
): TimelineWait {
  return { kind, from, to: isOpen ? undefined : to, ms: Math.max(0, to - from), sentence };
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

/** How long at least one of them lasted, within these bounds: waits may overlap, as a pause during an approval. */
export function coveredMs(waits: readonly Pick<TimelineWait, 'from' | 'ms'>[], { from, to }: Interval): number {
  const sorted = waits
    .map((each) => ({ from: Math.max(from, each.from), to: Math.min(to, each.from + each.ms) }))
    .filter((each) => each.to > each.from)
    .toSorted((one, other) => one.from - other.from);
  let covered = 0;
  let reached = from;
  for (const each of sorted) {
    covered += Math.max(0, each.to - Math.max(reached, each.from));
    reached = Math.max(reached, each.to);
  }
  return covered;
}
