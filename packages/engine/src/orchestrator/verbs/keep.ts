// Locks, and what becomes of the side that serves no users.

import type { Engine } from '../../api/engine.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { otherSlot } from '../../domain/target.ts';
import { clockTime } from '../../domain/times.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { clearLock, readLock, readSlot, type SlotRow, setLock, setSlot } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide, findTarget, gatherFacts, otherDriver } from '../gates/facts.ts';
import { ask, inTeam, notDrifted, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { recordRefusal } from './refused.ts';

const defaultLockMs = 3_600_000;
const maxLockMs = 7 * 24 * 3_600_000;
const maxReason = 300;

type Acted = Result<undefined>;
export const acted: Acted = { ok: true, value: undefined };

/** One transaction on a target, for people of the list; a refusal is recorded. */
export function onTarget(
  core: Core,
  request: TargetRef & { readonly actor: Actor },
  verb: string,
  act: (tx: Tx, target: Target) => Acted,
): Result<Target> {
  const found = findTarget(core, request);
  const answer = found.ok
    ? core.store.write((tx): Acted => {
        const admitted = ask([{ gate: inTeam }, { gate: mayOperate }, { gate: sameConfiguration }] as const, {
          actor: request.actor,
          otherDriver: otherDriver(core),
          name: found.value.name,
          rules: found.value.settings,
        });
        return admitted.ok ? act(tx, found.value) : admitted;
      })
    : found;
  if (answer.ok && found.ok) return ok(found.value);
  if (answer.ok) return found;
  recordRefusal(core, {
    actor: request.actor,
    verb,
    refusal: answer.refusal,
    key: found.ok ? found.value.key : undefined,
  });
  return answer;
}

export function lock(core: Core, request: Parameters<Engine['lock']>[0]): Result<Target> {
  return onTarget(core, request, 'lock', (tx, target) => {
    const owner = actorName(request.actor);
    const reason = request.reason.trim().slice(0, maxReason);
    if (reason === '') return refuse('reason-missing', 'a lock needs its reason', 'Say in a few words why.');
    const held = readLock(tx.db, target.key, tx.now);
    if (held && held.owner !== owner)
      return refuse(
        'target-locked',
        `${target.name} is locked by ${shortName(held.owner)} until ${clockTime(held.until)}: ${held.reason}`,
        `Ask ${shortName(held.owner)}, or unlock it.`,
      );
    const until = tx.now + Math.min(request.forMs ?? defaultLockMs, maxLockMs);
    setLock(tx, { ...target.key, owner, reason, since: tx.now, until });
    tx.audit({
      ...target.key,
      actor: owner,
      action: 'locked',
      sentence: `${shortName(owner)} locks ${target.name} until ${clockTime(until)}: ${reason}`,
      detail: { until },
    });
    return acted;
  });
}

export function unlock(core: Core, request: Parameters<Engine['unlock']>[0]): Result<Target> {
  return onTarget(core, request, 'unlock', (tx, target) => {
    const held = readLock(tx.db, target.key, tx.now);
    if (!held) return refuse('not-allowed-now', `${target.name} is not locked`);
    const owner = actorName(request.actor);
    const isMeant = held.owner === owner || request.of === held.owner || request.of === shortName(held.owner);
    if (!isMeant)
      return refuse(
        'target-locked',
        `it is ${shortName(held.owner)} who locked ${target.name}, until ${clockTime(held.until)}: ${held.reason}`,
        `To take that lock away, name its owner, who gets a message: \`bg unlock --of ${shortName(held.owner)}\`.`,
      );
    clearLock(tx, target.key);
    tx.audit({
      ...target.key,
      actor: owner,
      action: 'unlocked',
      sentence: `${shortName(owner)} unlocks ${target.name}${held.owner === owner ? '' : `, which ${shortName(held.owner)} had locked: ${held.reason}`}`,
      detail: { owner: held.owner },
    });
    return acted;
  });
}

/** The slot that is not active, when it holds what `wanted` accepts and no deployment works in it. */
function besideActive(
  { core, tx, target }: { readonly core: Core; readonly tx: Tx; readonly target: Target },
  wanted: (row: SlotRow) => boolean,
  what: string,
): SlotRow | Acted {
  const row = readSlot(tx.db, target.key, otherSlot(activeSide(core, target)?.slot ?? 'green'));
  if (liveDeployment(tx.db, target.key))
    return refuse('target-busy', `a deployment is working on ${target.name}`, 'Wait for it, or abort it.');
  return wanted(row) ? row : refuse('not-allowed-now', `${target.name} has no ${what}`);
}

const isFailedSide = (row: SlotRow): boolean => row.label === 'failed' || row.label === 'aborted';

export function restoreFailed(core: Core, request: TargetRef & { readonly actor: Actor }): Result<Target> {
  return changeBeside(
    core,
    request,
    { verb: 'restore', action: 'side-restore', wanted: isFailedSide, what: 'failed side that is retained' },
    (tx, target, row) => {
      setSlot(tx, target.key, row.slot, { keepUntil: tx.now });
      return `asks to bring ${row.slot} back from ${row.version} now`;
    },
  );
}

export function keepFailed(core: Core, request: TargetRef & { readonly actor: Actor }): Result<Target> {
  return changeBeside(
    core,
    request,
    { verb: 'keep', action: 'side-keep', wanted: isFailedSide, what: 'failed side that is retained' },
    (tx, target, row) => {
      setSlot(tx, target.key, row.slot, { label: 'kept', keepUntil: null });
      return `keeps ${row.version} in ${row.slot} as it is, until the next deployment`;
    },
  );
}

export function settleStandby(core: Core, request: Parameters<Engine['settleStandby']>[0]): Result<Target> {
  return changeBeside(
    core,
    request,
    {
      verb: `standby ${request.to}`,
      action: 'side-standby',
      wanted: (row) => row.role === 'standby' && row.label === null,
      what: 'standby',
    },
    (tx, target, row) => {
      const changes = {
        keep: { keepUntil: null },
        stop: { keepUntil: tx.now },
        upgrade: { label: 'upgrading', keepUntil: tx.now },
      } as const;
      setSlot(tx, target.key, row.slot, changes[request.to]);
      const done = { keep: 'keeps', stop: 'stops', upgrade: 'upgrades' } as const;
      return `${done[request.to]} the standby ${row.version} in ${row.slot}`;
    },
  );
}

interface Change {
  /** As the command line has it. */
  readonly verb: string;
  readonly action: 'side-restore' | 'side-keep' | 'side-standby';
  readonly wanted: (row: SlotRow) => boolean;
  /** For the refusal where there is none. */
  readonly what: string;
}

function changeBeside(
  core: Core,
  request: TargetRef & { readonly actor: Actor },
  { verb, action, wanted, what }: Change,
  act: (tx: Tx, target: Target, row: SlotRow) => string,
): Result<Target> {
  return onTarget(core, request, verb, (tx, target) => {
    const known = notDrifted(gatherFacts(core, target, { actor: request.actor, version: '' }));
    if (!known.ok) return known;
    const row = besideActive({ core, tx, target }, wanted, what);
    if ('ok' in row) return row;
    const actor = actorName(request.actor);
    const sentence = act(tx, target, row);
    tx.audit({
      ...target.key,
      actor,
      action,
      deploymentId: row.deploymentId ?? undefined,
      sentence: `${shortName(actor)} ${sentence}`,
      detail: { slot: row.slot, version: row.version },
    });
    return acted;
  });
}
