// A release is registered before it is planned: its files are read whole and digested, and are immutable from then on.

import { join } from 'node:path';
import type { Risk } from '../../config/approval/approval.ts';
import type { TargetSettings } from '../../config/settings.ts';
import { isMachine } from '../../domain/actor.ts';
import { measureFolder } from '../../lib/digest.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import { advanceDeployment, type DeploymentRow } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { canaryKey, getSnapshot } from '../../state/snapshots.ts';
import { addRelease, readQuarantine, readRelease, readSlot } from '../../state/targets.ts';
import { type Core, requireTarget, type Target } from '../core.ts';
import { markSentence } from '../gates/gates.ts';
import { readUnknownState } from '../recovery/unknown-state.ts';
import { done, failed, type StepResult } from '../run/step.ts';
import type { SchemaEvidence } from '../schema/evidence.ts';
import { refusedFor, releaseSchema } from '../schema/release-schema.ts';
import { obtainRelease } from './ensure-fetched.ts';
import { announcedOrigin, readOrigin } from './origin.ts';
import { buildPlan, planHash } from './plan.ts';
import { preflight, runSettingsOf } from './release-settings.ts';

/** The first move of every deployment that starts a release: phase `fetching`. */
export async function registerAndPlan(
  core: Core,
  lease: Lease,
  row: DeploymentRow,
  signal: AbortSignal,
): Promise<StepResult> {
  const target = requireTarget(core, row);
  const uncertainty = readUnknownState(core, target.key) ?? discoveredMeanwhile(core, target, row);
  if (uncertainty !== undefined) return failed('state-unknown', uncertainty);
  const refusal = await obtainRelease({ core, target, lease, row, signal });
  if (refusal) return refusal;
  const folder = join(target.settings.releasesFolder, row.version);
  const { digest, bytes, files } = await measureFolder(folder, signal);
  const known = readRelease(core.store.db, row.service, row.version);
  if (known && known.digest !== digest)
    return failed(
      'release-modified',
      `${row.version} was registered with other files (${known.digest.slice(0, 12)}, now ${digest.slice(0, 12)}): a version is immutable`,
    );
  const mark = readQuarantine(core.store.db, digest);
  if (mark && isMachine(row.requestedBy))
    return failed('quarantined', `${markSentence(row.version, mark)}. A person may deploy it all the same`);
  const origin = readOrigin(folder) ?? announcedOrigin(core.store.db, row);
  // Everything that can be known of a start is known before the schema is touched.
  const kind = row.mode === 'rollback' ? 'rescue' : 'addition';
  preflight(target, row.slot, { version: row.version, digest, folder }, kind);
  const { command, commandFrom, notes, risk } = runSettingsOf(target, { folder });
  const schema = await releaseSchema(core, target, { version: row.version, folder }, signal);
  if (schema.refusal) return refusedFor(row.version, schema.refusal);
  const canary = getSnapshot<TargetSettings['canary']>(core.store.db, canaryKey(row.id))?.value;
  const facts = planFacts(core, target, { row, digest, risk, schema: schema.plan, evidence: schema.evidence, canary });
  core.store.under(lease).write((tx) => {
    if (!known)
      addRelease(tx, {
        service: row.service,
        version: row.version,
        digest,
        folder,
        ...(origin ? { origin } : {}),
        registeredAt: tx.now,
        bytes,
        files,
        notes: notes ?? null,
      });
    advanceDeployment(tx, row.id, { digest, plan: facts.plan, planHash: facts.hash });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'planned',
      deploymentId: row.id,
      sentence: `${row.version} (${digest.slice(0, 12)}): ${facts.plan.steps.length} steps`,
      detail: {
        digest,
        planHash: facts.hash,
        steps: facts.plan.steps,
        schema: schema.plan.expand,
        evidence: schema.evidence,
        commit: origin?.commit,
        ...(commandFrom === 'release' ? { command } : {}),
      },
    });
  });
  return done(`planned ${facts.plan.steps.length} steps`);
}

/** The plan and the hash that an approval is bound to, from the present state. */
export function planFacts(
  core: Core,
  target: Target,
  input: {
    row: Pick<DeploymentRow, 'mode' | 'fromSlot' | 'hold'>;
    digest: string;
    schema: Pick<SchemaPlan, 'expand' | 'accepted'>;
    evidence?: SchemaEvidence | undefined;
    risk?: Risk | undefined;
    /** Instead of the target's own. */
    canary?: TargetSettings['canary'] | undefined;
  },
) {
  const { row, digest, schema, evidence, risk, canary = target.settings.canary } = input;
  const plan = buildPlan({
    mode: row.mode,
    settings: { ...target.settings, canary },
    balancer: target.balancer,
    hasActive: row.fromSlot !== null,
    warm: false,
    hold: row.hold,
    schema: schema.expand,
    accepted: schema.accepted,
    verdict: evidence?.headline,
    risk,
  });
  return { plan, hash: currentHash(core, target, { plan, digest, fromSlot: row.fromSlot }) };
}

/** Requested when this state knew no active side, and planned as a first deployment: that plan would have no effect. */
function discoveredMeanwhile(core: Core, target: Target, { fromSlot, version }: DeploymentRow): string | undefined {
  const active = (['blue', 'green'] as const).map((slot) => readSlot(core.store.db, target.key, slot));
  const found = fromSlot === null ? active.find(({ role }) => role === 'active') : undefined;
  return found && `${found.version} was found live in ${found.slot} after this was asked for: ask for ${version} again`;
}

/** Recomputed at every approval: a different active side or configuration makes it void. */
export function currentHash(
  core: Core,
  target: Target,
  {
    plan,
    digest,
    fromSlot,
    promotedAt = null,
  }: Pick<DeploymentRow, 'fromSlot'> &
    Partial<Pick<DeploymentRow, 'promotedAt'>> & { plan: DeploymentRow['plan'] & {}; digest: string },
): string {
  const active = fromSlot === null ? undefined : readSlot(core.store.db, target.key, fromSlot);
  // Once all users were moved, the side that they came from is the one to go back to.
  const role = promotedAt === null ? 'active' : 'standby';
  return planHash({
    plan,
    digest,
    activeDigest: active?.role === role ? (active.digest ?? undefined) : undefined,
    configDigest: core.settings.digest,
  });
}

/** The plan that people were asked about is not what would be done now. */
export function isStale(
  core: Core,
  target: Target,
  { plan, digest, fromSlot, promotedAt }: Pick<DeploymentRow, 'plan' | 'digest' | 'fromSlot' | 'promotedAt'>,
  askedHash: string,
): boolean {
  return plan !== null && currentHash(core, target, { plan, digest: digest ?? '', fromSlot, promotedAt }) !== askedHash;
}
