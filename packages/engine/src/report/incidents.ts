// When users of a target were on a side that is ill or was taken back, and when they were on a healthy one again.

import type { SlotName } from '../domain/target.ts';
import type { Mark } from './deployments.ts';

export interface Incident {
  readonly service: string;
  readonly target: string;
  readonly kind: 'deployment' | 'illness' | 'rollback';
  readonly began: Mark;
  ended?: Mark;
}

/** Of one target, as far as the log was read. */
export interface UsersThere {
  readonly service: string;
  readonly target: string;
  readonly ill: Set<SlotName>;
  /** At most one at a time. It ends when no users are on `slot`, or where `endsByHealth` when that is healthy. */
  open?: Incident & { slot: SlotName | undefined; endsByHealth: boolean };
  readonly incidents: Incident[];
}

export const usersThere = (service: string, target: string): UsersThere => ({
  service,
  target,
  ill: new Set(),
  incidents: [],
});

export function openIncident(
  there: UsersThere,
  { kind, began, slot }: { readonly kind: Incident['kind']; readonly began: Mark; readonly slot: SlotName | undefined },
): void {
  if (there.open) return;
  const { service, target } = there;
  there.open = { service, target, kind, began, slot, endsByHealth: kind === 'illness' };
  there.incidents.push(there.open);
}

/** One that began and ended with the same deployment. */
export function addIncident(there: UsersThere, kind: Incident['kind'], began: Mark, ended: Mark): void {
  const { service, target } = there;
  there.incidents.push({ service, target, kind, began, ended });
}

export function healthChanged(there: UsersThere, { slot, condition, isLive, mark }: SideHealth): void {
  const isIll = condition === 'unhealthy';
  if (isIll) there.ill.add(slot);
  else if (condition !== 'unknown') there.ill.delete(slot);
  if (!isLive) return;
  if (isIll) openIncident(there, { kind: 'illness', began: mark, slot });
  else if (condition !== 'unknown' && there.open?.endsByHealth === true && there.open.slot === slot) close(there, mark);
}

interface SideHealth {
  readonly slot: SlotName;
  readonly condition: string | null;
  /** Users are on it. */
  readonly isLive: boolean;
  readonly mark: Mark;
}

/** `shareOf`: percent of the users that a side gets from now on. */
export function usersMoved(
  there: UsersThere,
  { active, shareOf, mark }: { active: SlotName | undefined; shareOf: (slot: SlotName) => number; mark: Mark },
): void {
  const { open } = there;
  if (!open || active === undefined) return;
  if (open.slot !== undefined && shareOf(open.slot) > 0) return;
  // Users came from one ill side to another: it goes on there.
  if (there.ill.has(active)) {
    open.slot = active;
    open.endsByHealth = true;
    return;
  }
  close(there, mark);
}

function close(there: UsersThere, mark: Mark): void {
  if (there.open) there.open.ended = mark;
  delete there.open;
}
