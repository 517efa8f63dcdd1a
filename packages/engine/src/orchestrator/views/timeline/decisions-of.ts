// What people decided about approvals, and what users got: both from the rows of the deployment alone. Pure.

import type { TimelineApproval, TimelineRouting, TimelineShare } from '../../../api/timeline.ts';
import { type AuditRow, readEvent } from '../../../domain/audit-events.ts';
import type { SlotName } from '../../../domain/target.ts';

type DecisionKind = TimelineApproval['decisions'][number]['kind'];

const decisions: Readonly<Partial<Record<string, DecisionKind>>> = {
  approved: 'approved',
  rejected: 'rejected',
  'glass-broken': 'break-glass',
  'approval-extended': 'extended',
  'approval-expired': 'expired',
};

/** Each request for approval with what was decided until the next one. */
export function approvalsOf(events: readonly AuditRow[]): readonly TimelineApproval[] {
  const asked: { readonly askedAt: number; readonly needed: number; decisions: TimelineApproval['decisions'] }[] = [];
  for (const row of events) {
    const event = readEvent(row);
    if (event?.action === 'approval-asked')
      asked.push({ askedAt: event.at, needed: event.detail.needed ?? 1, decisions: [] });
    const kind = decisions[row.action];
    const last = asked.at(-1);
    if (kind === undefined || last === undefined) continue;
    last.decisions = [...last.decisions, { at: row.at, by: row.actor, kind, sentence: row.sentence }];
  }
  return asked;
}

export function routingsOf(events: readonly AuditRow[]): readonly TimelineRouting[] {
  return events.flatMap((row) => {
    const event = readEvent(row);
    if (event?.action !== 'routing-applied') return [];
    const { routing, silent = [] } = event.detail;
    return [
      {
        at: event.at,
        generation: routing?.generation,
        sentence: event.sentence,
        silent: silent.map(({ node, problem }) => `${node}: ${problem}`),
      },
    ];
  });
}

/** A way back that the balancer has not confirmed sends nobody back: only what was applied counts. */
export function sharesOf(events: readonly AuditRow[], slot: SlotName, until: number): readonly TimelineShare[] {
  const changes = events.flatMap((row) => {
    const event = readEvent(row);
    const routing = event?.action === 'routing-applied' ? event.detail.routing : undefined;
    return routing ? [{ at: row.at, percent: shareIn(routing, slot) }] : [];
  });
  return changes
    .map(({ at, percent }, index) => ({ percent, from: at, to: Math.max(at, changes[index + 1]?.at ?? until) }))
    .filter(({ percent }) => percent > 0);
}

interface RoutingSaid {
  readonly active?: SlotName | undefined;
  readonly canary?: { readonly slot: SlotName; readonly percent: number } | undefined;
}

function shareIn({ active, canary }: RoutingSaid, slot: SlotName): number {
  if (active === slot) return 100 - (canary?.percent ?? 0);
  return canary?.slot === slot ? canary.percent : 0;
}
