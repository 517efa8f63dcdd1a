// The new side gets as many instances as the live one has, where their number was changed, and never fewer before it gets users.

import { otherSlot } from '../../../domain/target.ts';
import { readCount, setCount } from '../../../state/counts.ts';
import { readSlot } from '../../../state/targets.ts';
import { startedCount } from '../../scale/change.ts';
import type { StepFrame } from '../step.ts';

/** Ends a change of the slot's number that was under way: what it was about is replaced. */
export function takeLiveCount({ core, lease, target, deployment }: StepFrame): void {
  const { counts, settings, key } = target;
  const { slot } = deployment;
  if (!counts || !settings.slots[slot].reserved) return;
  const live = otherSlot(slot);
  const configured = settings.slots[slot].ports?.length ?? 1;
  const isLive = readSlot(core.store.db, key, live).role === 'active';
  const has = isLive ? startedCount(target, live) : 0;
  const isChanged = isLive && readCount(core.store.db, { ...key, slot: live }).instances !== undefined;
  const wanted = Math.min(counts.most(slot), isChanged ? Math.max(1, has) : Math.max(configured, has));
  if (wanted === counts.wanted(slot) && !counts.scaling(slot)) return;
  core.store.under(lease).write((tx) => {
    setCount(tx, { ...key, slot }, wanted === configured ? undefined : wanted);
    tx.audit({
      ...key,
      actor: 'engine',
      action: 'scale-step',
      deploymentId: deployment.id,
      sentence: `${slot} starts with ${wanted === 1 ? '1 instance' : `${wanted} instances`}: ${live} has ${has}`,
      detail: { slot, instances: wanted, had: has, admitted: wanted },
    });
  });
}
