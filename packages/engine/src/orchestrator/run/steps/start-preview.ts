// Starts the new release in the slot that serves no users. Undone, it is left running and labelled: a person who looks
// for the reason finds it as it failed, until the supervisor restores the last good release.

import { clockTime } from '../../../domain/times.ts';
import { digestFolder } from '../../../lib/digest.ts';
import { BlueGreenError } from '../../../lib/errors.ts';
import { claimKey, getSnapshot, putSnapshot } from '../../../state/snapshots.ts';
import { readRouting, readSlot, type SlotRow, setSlot } from '../../../state/targets.ts';
import { placeOf, slotMutex } from '../../core.ts';
import { preflight, startRelease } from '../../plan/release-settings.ts';
import { startPreviewRoles, stopRolesIn } from '../../process-roles/hand-over.ts';
import { changeRouting } from '../../routing/routing.ts';
import { holdsBack, standingOf, waysOut } from '../../routing/standing.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame } from '../step.ts';
import { drained } from './drained.ts';
import { problemOfIdleSide, stopIdleSide } from './idle-side.ts';
import { takeLiveCount } from './live-count.ts';

export const startPreview: Step<Named<'start-preview'>> = {
  name: 'start-preview',
  title: (_, version) => `start ${version}`,
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: true,
  actions: noActions,
  promote: 'nothing',
  limitMs: 300_000,
  run: async (context) => {
    const { target, deployment, release, core, lease, signal } = context;
    const digest = await digestFolder(release.folder, signal);
    if (digest !== release.digest)
      return failed('release-modified', `the files of ${release.version} are not the ones that were registered`);
    const standing = await standingOf({ core, target, token: lease.token });
    if (standing.kind !== 'known') return failed('drifted', `nothing was started: ${standing.sentence}. ${waysOut}`);
    if (!(await relieved(context)))
      return failed(
        'slot-in-use',
        `${deployment.slot} serves users; a release that is started there would cut them off`,
      );
    const { running, ill } = await core.mutex(slotMutex(target, deployment.slot), async () => {
      await drained(context, deployment.slot);
      await requireUnserved(context);
      takeLiveCount(context);
      // All checks that may refuse a start come before the slot gives anything up.
      const kind = deployment.mode === 'rollback' ? 'rescue' : 'addition';
      preflight(target, deployment.slot, release, kind);
      const ill = await stopIllTwin(context);
      const before = claimSlot(context);
      try {
        const running = await startRelease(target, deployment.slot, release, kind);
        await startPreviewRoles(context, { slot: deployment.slot, release }, signal);
        return { running, ill };
      } catch (thrown) {
        await giveBack(context, before);
        throw thrown;
      }
    });
    core.log.info(
      { deployment: deployment.id, slot: deployment.slot, instance: target.environment.describe(running) },
      'started preview',
    );
    const again = ill === undefined ? '' : `; it was started again, since it was not healthy: ${ill}`;
    return done(`${release.version} runs in ${deployment.slot} (${target.environment.describe(running)})${again}`);
  },
  undo: async (context) => {
    const { core, target, deployment } = context;
    await stopRolesIn(context, deployment.slot);
    if (await giveBack(context, getSnapshot<SlotRow>(core.store.db, claimKey(deployment.id))?.value))
      return done(`${target.name} keeps in ${deployment.slot} what ran there: nothing was started`);
    const keepUntil = keepFailedSide(context);
    return done(
      `${context.release.version} is left in ${context.deployment.slot} to be looked at until ${clockTime(keepUntil)}`,
    );
  },
};

/** @throws BlueGreenError `drifted`: the balancer sends users here, despite the decision */
async function requireUnserved({ core, target, deployment, lease }: StepFrame): Promise<void> {
  const why = holdsBack(await standingOf({ core, target, token: lease.token }), deployment.slot);
  if (why !== undefined) throw new BlueGreenError('drifted', `nothing was started in ${deployment.slot}: ${why}`);
}

/**
 * A start lets the same release run on, so an ill one would fail the deployment: it is stopped first. Before the claim,
 * since after it what runs may have been started by this deployment, and needs its time.
 * @returns why it was stopped; undefined when it was not
 */
async function stopIllTwin(context: StepFrame): Promise<string | undefined> {
  const { core, target, deployment, release } = context;
  const { deploymentId, digest } = readSlot(core.store.db, target.key, deployment.slot);
  if (deploymentId === deployment.id || digest !== release.digest) return undefined;
  const seen = await target.environment.inspect(placeOf(target, deployment.slot));
  if (seen.kind !== 'running') return undefined;
  const problem = await problemOfIdleSide(context);
  if (problem !== undefined) await stopIdleSide(context);
  return problem;
}

/** A deployment that needed a person may have left users here: they go back first. False for the active side. */
async function relieved({ core, target, deployment, lease }: StepFrame): Promise<boolean> {
  const { active, canary, preview } = readRouting(core.store.db, target.key).intent;
  if (active === deployment.slot) return false;
  if (canary?.slot === deployment.slot)
    await changeRouting(
      { core, target, lease },
      {
        desired: { active, canary: undefined, preview },
        event: {
          actor: 'engine',
          deploymentId: deployment.id,
          sentence: `all users back to ${deployment.fromVersion ?? 'the active side'} before ${deployment.slot} is taken`,
        },
      },
    );
  return true;
}

/** Written before the process exists, so that a crash in between leaves nothing without an owner. */
function claimSlot({ core, lease, target, deployment, release }: StepFrame): SlotRow | undefined {
  return core.store.under(lease).write((tx) => {
    const before = readSlot(tx.db, target.key, deployment.slot);
    if (before.deploymentId === deployment.id) return getSnapshot<SlotRow>(tx.db, claimKey(deployment.id))?.value;
    putSnapshot(tx.db, claimKey(deployment.id), before, tx.now);
    setSlot(tx, target.key, deployment.slot, {
      role: 'preview',
      version: release.version,
      digest: release.digest,
      deploymentId: deployment.id,
      since: tx.now,
      label: null,
      keepUntil: null,
      displacedVersion: goodVersionOf(before),
      restarts: 0,
      nextRestartAt: null,
    });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'slot-claimed',
      deploymentId: deployment.id,
      sentence:
        before.version === null
          ? `${deployment.slot} was empty`
          : `${deployment.slot} gave up ${before.version}${before.label ? ` (${before.label})` : ''}`,
      detail: { slot: deployment.slot, displaced: before.version },
    });
    return before;
  });
}

/**
 * The slot was claimed, but its previous instance still runs: restores its record. False where something of the
 * deployment runs, or where the previous instance has ended.
 */
async function giveBack(
  { core, lease, target, deployment, release }: StepFrame,
  before: SlotRow | undefined,
): Promise<boolean> {
  if (!before || before.version === null || before.version === release.version) return false;
  const seen = await target.environment.inspect(placeOf(target, deployment.slot));
  if (seen.kind !== 'running' || seen.version !== before.version || seen.digest !== before.digest) return false;
  core.store.under(lease).write((tx) => {
    if (readSlot(tx.db, target.key, deployment.slot).deploymentId !== deployment.id) return;
    const { service: _service, target: _target, slot: _slot, ...row } = before;
    setSlot(tx, target.key, deployment.slot, row);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'slot-given-back',
      deploymentId: deployment.id,
      sentence: `${deployment.slot} keeps ${before.version}${before.label ? ` (${before.label})` : ''}: ${release.version} was never started there`,
      detail: { slot: deployment.slot, version: before.version },
    });
  });
  return true;
}

/** The last release that was good in this slot: the standby itself, or what a failed one displaced. */
function goodVersionOf(slot: SlotRow): string | null {
  return slot.role === 'standby' && slot.label === null ? slot.version : slot.displacedVersion;
}

function keepFailedSide({ core, lease, target, deployment }: StepFrame): number {
  const keepUntil = core.clock.now() + target.settings.failedSide.keepMs;
  const label = deployment.causeActor?.startsWith('person:') && deployment.promotedAt === null ? 'aborted' : 'failed';
  return core.store.under(lease).write((tx) => {
    const row = readSlot(tx.db, target.key, deployment.slot);
    if (row.deploymentId !== deployment.id) return keepUntil;
    // The controller before this one died after it had written this.
    if (row.label === label && row.keepUntil !== null) return row.keepUntil;
    setSlot(tx, target.key, deployment.slot, { role: 'preview', label, keepUntil });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'failed-side-kept',
      deploymentId: deployment.id,
      sentence: `${deployment.version} stays in ${deployment.slot}, labelled ${label}, until ${clockTime(keepUntil)}`,
      detail: { slot: deployment.slot, keepUntil, afterwards: target.settings.failedSide.then },
    });
    return keepUntil;
  });
}
