// Keeps the roles where they belong, for as long as this process is the controller. It moves them only while no deployment
// runs and it is known what users get; a deployment moves them in its own step.

import type { SlotName } from '../../domain/target.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { readRouting, readSlot } from '../../state/targets.ts';
import { inRounds } from '../controller/in-rounds.ts';
import { type Core, placeOf, releaseFiles, type Target } from '../core.ts';
import { mayRestart, standingOf } from '../routing/standing.ts';
import { handOver, stopStray, writeLive } from './hand-over.ts';
import { holds, type RoleHolder, readHolder } from './holder.ts';
import { keepRoles } from './keep-roles.ts';
import { abilityOf, type Keeper, type Kept, rolesOf, type Side } from './places.ts';
import { dropRoles, forgetRoles } from './seen.ts';

/** A role that ends is waited for by no user, and by no more than this. */
const longestIntervalMs = 1_000;

export async function superviseRoles(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  await Promise.all(
    core.targets
      .filter((target) => abilityOf(target) !== undefined)
      .map((target) =>
        inRounds(
          {
            core,
            target,
            what: 'supervision of process roles',
            intervalMs: () => Math.min(target.settings.health.intervalMs, longestIntervalMs),
            round: () => lookAfterRoles({ core, target, lease, signal }),
          },
          signal,
        ),
      ),
  );
}

export async function lookAfterRoles(keeper: Keeper): Promise<void> {
  const { core, target, lease } = keeper;
  if (!hasRoles(target)) return forgetRoles(core, target);
  const live = liveDeployment(core.store.db, target.key);
  const before = readHolder(core.store.db, target.key);
  // The step that moves them goes on with it, in whichever process.
  if (live && before?.isMoving) return;
  const standing = await standingOf({ core, target, token: lease.token });
  if (!live && standing.kind === 'known') await settle(keeper, before);
  const holder = readHolder(core.store.db, target.key);
  if (!holder || holder.isMoving) return;
  for (const slot of ['blue', 'green'] as const) writeLive(keeper, slot, slot === holder.slot ? 'live' : 'standby');
  const sides = [sideOf(keeper, holder, 'all'), previewOf(keeper, holder)];
  if (standing.kind === 'known')
    await stopStray(
      keeper,
      sides.flatMap((each) => each ?? []),
    );
  dropRoles(
    core,
    target,
    ({ slot, version }) => !sides.some((each) => each?.side.slot === slot && each.side.release.version === version),
  );
  for (const each of sides)
    if (each && mayRestart(standing, { core, target }, each.side.slot)) await keepRoles(keeper, each);
}

/** Roles that the configuration has, or that were started when it had them. */
function hasRoles({ settings, environment, key }: Target): boolean {
  if (settings.processRoles !== undefined) return true;
  return (['blue', 'green'] as const).some((slot) => environment.processRoles?.recorded({ ...key, slot }).length !== 0);
}

/** What users get has changed without a deployment: by a recovery, by an adoption, or before roles were configured. */
async function settle(keeper: Keeper, before: RoleHolder | undefined): Promise<void> {
  const { target, signal } = keeper;
  const active = activeSide(keeper);
  if (active === 'unknown' || holds(before, active)) return;
  if (!before && active && (await isAdopted(target, active.slot))) return;
  await handOver(keeper, { to: active, kind: 'rescue', signal });
}

function activeSide({ core, target }: Keeper): Side | undefined | 'unknown' {
  const { intent } = readRouting(core.store.db, target.key);
  if (intent.generation === 0) return 'unknown';
  if (intent.active === undefined) return undefined;
  const row = readSlot(core.store.db, target.key, intent.active);
  const release = row.version === null ? undefined : releaseFiles(core, target.key.service, row.version);
  if (row.role !== 'active' || !release || release.digest !== row.digest) return 'unknown';
  return { slot: intent.active, release };
}

/** What was not started here may have workers that were not started here either: they are not doubled. */
async function isAdopted(target: Target, slot: SlotName): Promise<boolean> {
  const seen = await target.environment.inspect(placeOf(target, slot));
  return seen.kind === 'running' && seen.adopted;
}

function sideOf(
  { core, target }: Keeper,
  { slot, version, digest }: RoleHolder,
  which: Kept['which'],
): Kept | undefined {
  const release = version === null ? undefined : releaseFiles(core, target.key.service, version);
  return slot === null || !release || release.digest !== digest ? undefined : { side: { slot, release }, which };
}

/** A new side that a deployment has started and not given up. */
function previewOf(keeper: Keeper, { slot: holder }: RoleHolder): Kept | undefined {
  const { core, target } = keeper;
  const live = liveDeployment(core.store.db, target.key);
  if (!live || live.slot === holder || !rolesOf(target).some(({ inPreview }) => inPreview)) return undefined;
  const { role, label, version, digest, deploymentId } = readSlot(core.store.db, target.key, live.slot);
  if (role !== 'preview' || label !== null || deploymentId !== live.id || live.direction !== 'forward')
    return undefined;
  return sideOf(keeper, { slot: live.slot, version, digest, isMoving: false }, 'in-preview');
}
