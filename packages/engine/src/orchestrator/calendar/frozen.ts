// Whether a target, or a deployment of it, is frozen now; and what a person's override leaves behind.

import { type Actor, actorName } from '../../domain/actor.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { freezeOverrideKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import type { Core, Target } from '../core.ts';
import { knownStep } from '../run/steps/named.ts';
import { type Frozen, frozenAt, overrideSentence } from './policy.ts';
import { freezeSources } from './sources.ts';

export function frozenNow(core: Core, target: Target): Frozen | undefined {
  if (target.settings.freezes === undefined) return undefined;
  return frozenAt(freezeSources(core, target), core.clock.now());
}

type Held = Pick<DeploymentRow, 'id' | 'mode' | 'direction' | 'finishedAt' | 'plan' | 'position'>;

/** What holds the deployment before its present step: a way back is never held, and a bake always finishes. */
export function frozenFor(core: Core, target: Target, row: Held): Frozen | undefined {
  if (target.settings.freezes === undefined || (row.mode !== 'deploy' && row.mode !== 'redeploy')) return undefined;
  if (row.finishedAt !== null || row.direction !== 'forward') return undefined;
  const step = knownStep(row.plan?.steps[row.position]?.name);
  if (step === undefined || step.moves === 'none') return undefined;
  const keys = getSnapshot<readonly string[]>(core.store.db, freezeOverrideKey(row.id))?.value ?? [];
  return frozenAt(freezeSources(core, target), core.clock.now(), new Set(keys));
}

export interface Override {
  readonly deploymentId: string;
  readonly frozen: Frozen;
  readonly actor: Actor;
  readonly reason: string;
}

/** For this deployment, and for the freezes that hold now: a later one holds it again. */
export function recordOverride(tx: Tx, { key }: Target, { deploymentId, frozen, actor, reason }: Override): void {
  const before = getSnapshot<readonly string[]>(tx.db, freezeOverrideKey(deploymentId))?.value ?? [];
  putSnapshot(tx.db, freezeOverrideKey(deploymentId), [...new Set([...before, ...frozen.keys])], tx.now);
  tx.audit({
    ...key,
    actor: actorName(actor),
    action: 'freeze-overridden',
    deploymentId,
    sentence: overrideSentence(actor, frozen, reason),
    detail: { freezes: frozen.names, reason: reason.trim().slice(0, 500) },
  });
}
