// The first row of a rollback or a switch. A warm side is planned at once; the controller registers and plans a cold
// one.

import { otherSlot } from '../../domain/target.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readRelease, readSlot } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide } from '../gates/facts.ts';
import { buildPlan } from '../plan/plan.ts';
import { currentHash } from '../plan/register.ts';
import { createDeployment } from './deploy.ts';

interface Beginning {
  readonly mode: 'rollback' | 'switch';
  readonly version: string;
  readonly warm: boolean;
  /** As stored in rows. */
  readonly requestedBy: string;
  readonly reason: string | undefined;
}

export function beginWayBack(
  core: Core,
  tx: Tx,
  target: Target,
  { mode, version, warm, requestedBy, reason }: Beginning,
): DeploymentRow {
  const active = activeSide(core, target);
  const slot = otherSlot(active?.slot ?? 'green');
  const digest =
    readRelease(tx.db, target.key.service, version)?.digest ?? readSlot(tx.db, target.key, slot).digest ?? '';
  const plan = buildPlan({
    mode,
    settings: target.settings,
    balancer: target.balancer,
    hasActive: active !== undefined,
    warm,
    hold: false,
    schema: [],
  });
  const planned = {
    digest,
    plan,
    planHash: currentHash(core, target, { plan, digest, fromSlot: active?.slot ?? null }),
  };
  return createDeployment(tx, target, {
    mode,
    version,
    slot,
    from: active,
    hold: false,
    reason,
    requestedBy,
    ...(warm ? { planned } : {}),
  });
}
