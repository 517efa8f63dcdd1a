// Gives the roles to a side: the old processes end, then the new ones begin. A role that may overlap begins before its old
// processes end. All of it runs under a lock of the machine, which its holder keeps for as long as it lives, and the lease
// is checked after the lock: so an engine that has lost the lease starts nothing that the next one has stopped.

import type { ProcessRoleSettings } from '../../config/process-roles/process-roles.ts';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError, hasCode } from '../../lib/errors.ts';
import type { TargetContext } from '../core.ts';
import type { StartKind } from '../plan/release-settings.ts';
import { awaitRole } from './check-role.ts';
import { holds, putHolder, readHolder } from './holder.ts';
import {
  abilityOf,
  graceOf,
  type Kept,
  launchOfRole,
  mayOverlap,
  namesOf,
  placeOfRole,
  placeOfStarted,
  rolesMutex,
  rolesOf,
  type Side,
} from './places.ts';

export interface HandOver {
  /** Undefined: all end and none begins. */
  readonly to: Side | undefined;
  readonly kind: StartKind;
  readonly signal: AbortSignal;
  readonly deploymentId?: string | undefined;
}

/** In addition to the time that the holder of the lock may need to stop what runs. */
const lockPatienceMs = 120_000;

/**
 * Repeatable: what runs already keeps running. Does nothing where the environment runs no roles. An `addition` ends with
 * the first role that does not work; a `rescue` goes on with those that do.
 * @returns why a role of the new side does not work; undefined when all do
 * @throws BlueGreenError `stop-failed`: nothing of the new side was started; `fenced-out`
 */
export async function handOver(
  context: TargetContext,
  { to, kind, signal, deploymentId }: HandOver,
): Promise<BlueGreenError | undefined> {
  const { target } = context;
  return inTurn(context, async () => {
    begin(context, { to, deploymentId });
    for (const slot of slots) if (slot !== to?.slot) writeLive(context, slot, 'standby');
    await stopAll(context, (slot, role) => !belongs(context, { to, slot, role }) && !mayOverlap(target, role));
    // Stopping may have taken hours.
    signal.throwIfAborted();
    requireLease(context);
    const problem = to && (await startAll(context, { to, kind, signal }));
    if (problem && kind === 'addition') return problem;
    await stopAll(context, (slot, role) => !belongs(context, { to, slot, role }));
    if (to) writeLive(context, to.slot, 'live');
    end(context, { to, deploymentId, problem });
    return problem;
  });
}

/** Those of a new side that run before it is live. @throws BlueGreenError why one does not work */
export async function startPreviewRoles(context: TargetContext, to: Side, signal: AbortSignal): Promise<void> {
  const roles = rolesOf(context.target).filter(({ inPreview }) => inPreview);
  if (roles.length === 0) return;
  await inTurn(context, async () => {
    requireLease(context);
    try {
      for (const role of roles) await startRole(context, { to, kind: 'addition', signal }, role);
    } catch (thrown) {
      await stopAll(context, (slot) => slot === to.slot);
      throw thrown;
    }
  });
}

/** Of a new side that is given up, and is not live. */
export async function stopRolesIn(context: TargetContext, given: SlotName): Promise<void> {
  if (recordedIn(context, given).length === 0) return;
  await inTurn(context, async () => {
    requireLease(context);
    if (readHolder(context.core.store.db, context.target.key)?.slot === given) return;
    await stopAll(context, (slot) => slot === given);
  });
}

/** Starts again what has ended. @returns false where it no longer belongs there @throws BlueGreenError why it does not start */
export async function startOne(context: TargetContext, to: Side, role: ProcessRoleSettings): Promise<boolean> {
  const { core, target } = context;
  const started = await inTurn(context, async () => {
    requireLease(context);
    const holder = readHolder(core.store.db, target.key);
    // Another hand-over has begun meanwhile.
    if (!holds(holder, to) && !(role.inPreview && holder?.isMoving === false)) return false;
    await target.environment.start(
      placeOfRole(target, to.slot, role),
      to.release,
      launchOfRole(target, to, { role, kind: 'rescue' }),
    );
    return true;
  });
  return started ?? false;
}

/** What belongs to none of the sides ends, also what is left of roles that are no longer configured. */
export async function stopStray(context: TargetContext, kept: readonly Kept[]): Promise<void> {
  const { target } = context;
  const isStray = (slot: SlotName, role: string): boolean =>
    !kept.some(
      ({ side, which }) =>
        side.slot === slot &&
        rolesOf(target).some(({ name, inPreview }) => name === role && (which === 'all' || inPreview)),
    );
  const stray = slots.flatMap((slot) => recordedIn(context, slot).filter((role) => isStray(slot, role)));
  if (stray.length === 0) return;
  const moved = await inTurn(context, async () => {
    requireLease(context);
    if (readHolder(context.core.store.db, target.key)?.isMoving) return false;
    await stopAll(context, isStray);
    return true;
  });
  if (!moved) return;
  context.core.store.under(context.lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'roles-stopped',
      sentence: `stopped ${namesOf([...new Set(stray)])}, which ran on a side that is not live`,
      detail: { roles: stray },
    }),
  );
}

/** Under the locks of the roles, of this process and of the machine. Undefined where there are none. */
async function inTurn<Result>(
  { core, target }: TargetContext,
  act: () => Promise<Result>,
): Promise<Result | undefined> {
  const ability = abilityOf(target);
  if (!ability) return undefined;
  const longestMs = Math.max(target.settings.graceMs, ...rolesOf(target).map(({ graceMs }) => graceMs));
  return core.mutex(rolesMutex(target), () => ability.exclusively(target.key, longestMs + lockPatienceMs, act));
}

/** @throws BlueGreenError `fenced-out` */
const requireLease = ({ core, lease }: TargetContext): void => core.store.under(lease).write(() => undefined);

const slots = ['blue', 'green'] as const;

type Moved = Pick<HandOver, 'to' | 'deploymentId'>;

/** Written before anything is stopped. @throws BlueGreenError `fenced-out` */
function begin(context: TargetContext, moved: Moved): void {
  const what = moved.to ? `start in ${moved.to.slot}, those of any other side end first` : 'end: nothing is live';
  note(context, moved, { action: 'roles-moving', sentence: `the process roles ${what}` });
}

function end(context: TargetContext, moved: Moved & { readonly problem: BlueGreenError | undefined }): void {
  const { to, problem } = moved;
  const what = to ? `of ${to.release.version} run in ${to.slot}` : 'have ended: nothing is live';
  const but = problem ? `, except for one: ${problem.message}` : '';
  note(context, moved, { action: 'roles-handed-over', sentence: `the process roles ${what}${but}` });
}

function note(
  { core, target, lease }: TargetContext,
  { to, deploymentId }: Moved,
  { action, sentence }: { readonly action: 'roles-moving' | 'roles-handed-over'; readonly sentence: string },
): void {
  const detail = { slot: to?.slot ?? null, version: to?.release.version ?? null };
  core.store.under(lease).write((tx) => {
    putHolder(tx, target.key, to, action === 'roles-moving');
    tx.audit({ ...target.key, actor: 'engine', action, sentence, detail, ...(deploymentId ? { deploymentId } : {}) });
  });
}

interface Where {
  readonly to: Side | undefined;
  readonly slot: SlotName;
  readonly role: string;
}

const belongs = ({ target }: TargetContext, { to, slot, role }: Where): boolean =>
  slot === to?.slot && rolesOf(target).some(({ name }) => name === role);

/** What was started in either slot. @throws BlueGreenError the first failure, after all have been tried */
async function stopAll({ target }: TargetContext, isToStop: (slot: SlotName, role: string) => boolean): Promise<void> {
  const { environment } = target;
  const ends = await Promise.allSettled(
    slots.flatMap((slot) =>
      recordedIn({ target }, slot)
        .filter((role) => isToStop(slot, role))
        .map((role) => environment.stop(placeOfStarted(target, slot, role), graceOf(target, role))),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

const recordedIn = ({ target }: Pick<TargetContext, 'target'>, slot: SlotName): readonly string[] =>
  target.environment.processRoles?.recorded({ ...target.key, slot }) ?? [];

/** All are tried: of a side that must serve, those that work do. */
async function startAll(context: TargetContext, start: Start): Promise<BlueGreenError | undefined> {
  const results = await Promise.allSettled(rolesOf(context.target).map((role) => startRole(context, start, role)));
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  for (const thrown of failed) if (!(thrown instanceof BlueGreenError) || hasCode(thrown, 'fenced-out')) throw thrown;
  return failed[0] as BlueGreenError | undefined;
}

type Start = HandOver & { readonly to: Side };

/** And waits until it works. */
async function startRole(
  { core, target }: TargetContext,
  { to, kind, signal }: Start,
  role: ProcessRoleSettings,
): Promise<void> {
  const place = placeOfRole(target, to.slot, role);
  await target.environment.start(place, to.release, launchOfRole(target, to, { role, kind }));
  await awaitRole({ core, target, side: to, role, signal });
}

/** What an account of its own reads is in a folder that it may enter. */
export function writeLive({ target }: Pick<TargetContext, 'target'>, slot: SlotName, state: 'live' | 'standby'): void {
  const byOthers = target.settings.slots[slot].account !== undefined;
  target.environment.processRoles?.setLive({ ...target.key, slot }, state, { byOthers });
}
