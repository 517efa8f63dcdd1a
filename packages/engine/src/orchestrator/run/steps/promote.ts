// Moves all users to the new side. Roles follow in the same transaction as the proof that the balancer did.

import { otherSlot } from '../../../domain/target.ts';
import { advanceDeployment, readStep } from '../../../state/deployments.ts';
import { claimKey, getSnapshot } from '../../../state/snapshots.ts';
import type { Tx } from '../../../state/store.ts';
import { readRouting, readSlot, setSlot } from '../../../state/targets.ts';
import { healthOf, releaseFiles, slotMutex } from '../../core.ts';
import { startAsItIs } from '../../plan/release-settings.ts';
import { changeRouting, routingIs } from '../../routing/routing.ts';
import { directionOf, except, type SilentNode } from '../../routing/silent-nodes.ts';
import { fitsSchema } from '../../schema/observe.ts';
import { seenIn } from '../../seen-side.ts';
import { problemOfSide } from '../await-healthy.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame } from '../step.ts';

export const promote: Step<Named<'promote'>> = {
  name: 'promote',
  title: (_, version) => `send all users to ${version}`,
  moves: 'all',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 60_000,
  run: async (context) => {
    const { core, target, deployment, release, lease } = context;
    const { slot, version } = deployment;
    const desired = { active: slot, canary: undefined, preview: undefined };
    if (routingIs({ core, target }, desired)) return done(`all users get ${version}`);
    const problem = wasJustReady(context) ? undefined : await problemOfSide({ ...context, slot, version });
    if (problem !== undefined)
      return failed('side-unhealthy', `${version} in ${slot} is not fit for users: ${problem}`);
    const schema = await fitsSchema(core, target, release.folder);
    if (schema.verdict === 'incompatible')
      return failed('schema-incompatible', `${version} cannot run on the present schema: ${schema.evidence}`);
    const silent = await changeRouting(
      { core, target, lease },
      {
        desired,
        direction: directionOf(deployment),
        event: { actor: 'engine', deploymentId: deployment.id, sentence: `all users to ${version}` },
        confirmed: (tx) => becomeActive(tx, context),
      },
    );
    return done(`all users get ${version}${except(silent)}`);
  },
  undo: async (context) => {
    const { core, target, deployment, lease } = context;
    const { intent } = readRouting(core.store.db, target.key);
    const back = deployment.fromSlot ?? undefined;
    await oldSideRuns(context);
    const desired = { active: back, canary: undefined, preview: back === undefined ? undefined : intent.preview };
    let silent: readonly SilentNode[] = [];
    if (!routingIs({ core, target }, desired) || deployment.promotedAt !== null)
      silent = await changeRouting(
        { core, target, lease },
        {
          desired,
          direction: 'back',
          isUndo: true,
          event: {
            actor: 'engine',
            deploymentId: deployment.id,
            sentence: `all users back to ${deployment.fromVersion ?? 'nobody: there was no release before'}`,
          },
          confirmed: (tx) => becomeActiveAgain(tx, context),
        },
      );
    return done(`all users get ${deployment.fromVersion ?? 'the answer that nothing is live'} again${except(silent)}`);
  },
};

/** The step before has just asked the side. Users of the bad side wait for this one, so it does not ask again. */
function wasJustReady({ core, target, deployment, stepKey }: StepFrame): boolean {
  const before = readStep(core.store.db, { ...stepKey, position: stepKey.position - 1 });
  if (before?.name !== 'ready-standby' || before.status !== 'done' || before.endedAt === null) return false;
  const ageMs = core.clock.now() - before.endedAt;
  return ageMs >= 0 && ageMs < healthOf(target, deployment.slot).intervalMs;
}

/** Users are not sent back to a process that is gone; one that cannot be seen is not. @throws what a start throws */
async function oldSideRuns({ core, target, deployment }: StepFrame): Promise<void> {
  const { fromSlot, fromVersion } = deployment;
  const release = fromVersion === null ? undefined : releaseFiles(core, deployment.service, fromVersion);
  if (fromSlot === null || !release) return;
  const seen = await seenIn({ core, target }, fromSlot);
  if (seen?.kind === 'stopped')
    await core.mutex(slotMutex(target, fromSlot), () => startAsItIs(target, fromSlot, release));
}

function becomeActive(tx: Tx, { target, deployment }: StepFrame): void {
  const old = otherSlot(deployment.slot);
  if (readSlot(tx.db, target.key, old).role === 'active')
    setSlot(tx, target.key, old, { role: 'standby', since: tx.now, label: null, keepUntil: null });
  setSlot(tx, target.key, deployment.slot, {
    role: 'active',
    since: tx.now,
    label: null,
    keepUntil: null,
    deploymentId: deployment.id,
  });
  advanceDeployment(tx, deployment.id, { promotedAt: tx.now });
}

/** A slot that the deployment never claimed held a standby before; any other holds its preview. */
function becomeActiveAgain(tx: Tx, { target, deployment }: StepFrame): void {
  const wasWarm = getSnapshot(tx.db, claimKey(deployment.id)) === undefined;
  if (readSlot(tx.db, target.key, deployment.slot).role === 'active')
    setSlot(tx, target.key, deployment.slot, { role: wasWarm ? 'standby' : 'preview', since: tx.now });
  if (deployment.fromSlot !== null)
    setSlot(tx, target.key, deployment.fromSlot, { role: 'active', since: tx.now, label: null, keepUntil: null });
}
