// A switch is bound to the side that was seen, and may be repeated.

import type { SlotView } from '../../packages/engine/src/api/views.ts';
import type { RefusalCode } from '../../packages/engine/src/domain/refusal.ts';
import type { SlotName } from '../../packages/engine/src/domain/target.ts';
import { frozenAt } from './freezes.ts';
import { isLocked, type Model, stepOf } from './model.ts';
import { type ActorName, mayDeploy } from './people.ts';
import { type Answer, codes, driftOf } from './rules.ts';

const justNowMs = 5 * 60_000;

interface Asked {
  readonly actor: ActorName;
  readonly to?: SlotName | undefined;
  readonly from?: SlotName | undefined;
  readonly slots: readonly SlotView[];
}

export function switchRefusals(model: Model, { actor, to, from, slots }: Asked, at: number): Answer {
  const { live, active } = model;
  const roles = mayDeploy(actor);
  if (roles.length > 0) return { certain: roles };
  if (to !== undefined && live?.mode === 'switch' && !live.unwinding && live.slot === to) return { certain: [] };
  if (to !== undefined && active?.slot === to && !live?.promoted) return { certain: ['already-active'] };
  const isHeld = live !== undefined && stepOf(live) === 'hold' && !live.unwinding && live.pausedAt === undefined;
  const own = codes(
    [to === undefined && isDone(model, from, at), 'already-decided'],
    [isLocked(model, at), 'target-locked'],
    [frozenAt(at).length > 0, 'target-frozen'],
    [live !== undefined && !isHeld, 'target-busy'],
  );
  return { certain: [...own, ...(live ? [] : otherSide(model, slots))], possible: driftOf(model) };
}

/** By another person, since it was typed. */
function isDone({ live, active, ended }: Model, from: SlotName | undefined, at: number): boolean {
  if (live || !active) return false;
  if (from !== undefined && from !== active.slot) return true;
  const last = ended.at(-1);
  const isSwitch = last?.outcome === 'promoted' && (last.mode === 'switch' || last.hold);
  return isSwitch && (last.finishedAt ?? 0) >= at - justNowMs;
}

/** What runs there, the model takes from the status. */
function otherSide({ active, bad }: Model, slots: readonly SlotView[]): readonly RefusalCode[] {
  const other = slots.find(({ slot }) => slot !== active?.slot);
  const isWarm = active !== undefined && other?.role === 'standby' && other.label !== 'upgrading';
  return codes([!isWarm, 'nothing-to-switch'], [isWarm && bad.has(other.version ?? ''), 'quarantined']);
}
