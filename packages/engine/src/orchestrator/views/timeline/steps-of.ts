// The steps of a deployment as they went, the way back included. Pure.

import type { TimelineStep, TimelineWait } from '../../../api/timeline.ts';
import type { AuditRow } from '../../../domain/audit-events.ts';
import type { Plan } from '../../../domain/deployment.ts';
import type { StepRow } from '../../../state/deployments.ts';
import { stepTitle } from '../../run/steps/named.ts';
import { noteOf } from './journal-note.ts';
import { coveredMs } from './waits-of.ts';

export interface StepSources {
  readonly version: string;
  readonly plan: Plan | null;
  readonly beganAt: number;
  readonly journal: readonly StepRow[];
  readonly events: readonly AuditRow[];
  readonly waits: readonly TimelineWait[];
  readonly until: number;
}

export function stepsOf(sources: StepSources): readonly TimelineStep[] {
  const forward = sources.journal
    .filter(({ direction }) => direction === 'forward')
    .toSorted((one, other) => one.position - other.position);
  const back = sources.journal
    .filter(({ direction }) => direction === 'unwinding')
    .toSorted((one, other) => other.position - one.position);
  const endings = pairer(sources.events, ['step-done', 'step-failed']);
  const undoings = pairer(sources.events, ['step-undone']);
  return [
    ...fetching(sources, forward[0]),
    ...forward.map((row) => stepOf(sources, row, row.endedAt === null ? undefined : endings(row))),
    ...back.map((row) => stepOf(sources, row, row.endedAt === null ? undefined : undoings(row))),
  ];
}

/** Rows say the name of their step and not its position, but steps end in their order. */
function pairer(
  events: readonly AuditRow[],
  actions: readonly string[],
): (row: Pick<StepRow, 'name' | 'status'>) => AuditRow | undefined {
  const rest = events.filter(({ action }) => actions.includes(action));
  return ({ name, status }) => {
    const index = status === 'skipped' ? -1 : rest.findIndex(({ sentence }) => sentence.startsWith(`${name}: `));
    return index === -1 ? undefined : rest.splice(0, index + 1).at(-1);
  };
}

/** The time before there is a plan is no step of it, but may be the longest part. */
function fetching(
  { version, beganAt, events, waits, until }: StepSources,
  first: StepRow | undefined,
): readonly TimelineStep[] {
  const planned = events.find(({ action }) => action === 'planned');
  const turned = first === undefined ? events.find(({ action }) => action === 'turned-back') : undefined;
  const end = planned ?? turned;
  // A way back to a warm side has its plan from the beginning.
  if (end === undefined && first !== undefined) return [];
  const to = end?.at ?? until;
  return [
    {
      name: 'fetching',
      position: -1,
      direction: 'forward',
      title: `fetch and check ${version}`,
      status: end === undefined ? 'started' : end === turned ? 'failed' : 'done',
      startedAt: beganAt,
      endedAt: end?.at,
      ms: Math.max(0, to - beganAt),
      measuredBy: 'wall',
      waitedMs: coveredMs(waits, { from: beganAt, to }),
      attempts: 1,
      sentence: end?.sentence ?? '',
      code: end?.code ?? undefined,
      numbers: undefined,
      receipt: undefined,
      log: [],
    },
  ];
}

function stepOf(
  { plan, version, waits, until }: StepSources,
  row: StepRow,
  ending: AuditRow | undefined,
): TimelineStep {
  const note = noteOf(row);
  const isOver = row.endedAt !== null;
  const to = row.endedAt ?? until;
  const planned = plan?.steps[row.position];
  return {
    name: row.name,
    position: row.position,
    direction: row.direction,
    title: planned?.name === row.name ? stepTitle(planned, version) : row.name,
    status: row.status,
    startedAt: row.startedAt,
    endedAt: row.endedAt ?? undefined,
    ms: row.status === 'skipped' ? 0 : (note.ms ?? Math.max(0, to - row.startedAt)),
    measuredBy: note.ms === undefined ? 'wall' : 'monotonic',
    waitedMs: row.status === 'skipped' ? 0 : coveredMs(waits, { from: row.startedAt, to }),
    attempts: row.attempts,
    sentence: isOver ? (ending?.sentence.slice(row.name.length + 2) ?? '') : '',
    code: ending?.code ?? undefined,
    numbers: note.numbers,
    receipt: note.receipt,
    log: note.log ?? [],
  };
}
