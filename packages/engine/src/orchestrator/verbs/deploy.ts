// `deploy`: all gates, then one row. The driver does the rest.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DeployRequest } from '../../api/deploy-request.ts';
import type { PlanView } from '../../api/views.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import type { Mode } from '../../domain/deployment.ts';
import { ok, type Result } from '../../domain/refusal.ts';
import { otherSlot, type SlotName } from '../../domain/target.ts';
import { forHowLong } from '../../domain/times.ts';
import { buildOf } from '../../state/builds.ts';
import { addDeployment, type DeploymentRow, readDeployment } from '../../state/deployments.ts';
import { canaryKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readQuarantine, readRelease, readSlot, type SlotRow } from '../../state/targets.ts';
import { recordOverride } from '../calendar/frozen.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, type GateFacts, gatesOfDeploy, warningsOf } from '../gates/gates.ts';
import { readCanary } from '../plan/canary-request.ts';
import { checkLines } from '../plan/check-lines.ts';
import { omissionsOf } from '../plan/omissions.ts';
import { planFacts } from '../plan/register.ts';
import { whatItFinds } from '../plan/what-it-finds.ts';
import { stepTitle } from '../run/steps/named.ts';
import { nothingToChange, schemaSeen } from '../schema/seen.ts';
import { howLong } from '../views/readiness.ts';
import { lookAtRun } from './plan-run.ts';
import { recordRefusal } from './refused.ts';

export function deploy(core: Core, request: DeployRequest): Result<DeploymentRow> {
  const found = findTarget(core, request);
  const answer = found.ok ? admit(core, found.value, request) : found;
  if (!answer.ok)
    recordRefusal(core, {
      actor: request.actor,
      verb: `deploy ${request.version.slice(0, 64)}`,
      refusal: answer.refusal,
      key: found.ok ? found.value.key : undefined,
    });
  return answer;
}

/** Gates and row are one transaction: of two requests at the same moment one finds the target busy. */
const admit = (core: Core, target: Target, request: DeployRequest): Result<DeploymentRow> =>
  core.store.write((tx) => deployWithin(core, tx, target, request));

/** In the transaction of the caller, who records a refusal. */
export function deployWithin(core: Core, tx: Tx, target: Target, request: DeployRequest): Result<DeploymentRow> {
  const facts = gatherFacts(core, target, { ...request, redeploy: request.redeploy ?? false });
  const answer = ask(gatesOfDeploy, facts);
  if (!answer.ok) return answer;
  const canary = request.canary === undefined ? undefined : readCanary(request.canary, target.settings);
  if (canary && !canary.ok) return canary;
  const mode: Mode = facts.active?.version === request.version ? 'redeploy' : 'deploy';
  const row = createDeployment(tx, target, {
    mode,
    version: request.version,
    slot: slotFor(facts),
    from: facts.active,
    hold: request.hold ?? false,
    reason: request.reason,
    requestedBy: actorName(request.actor),
  });
  if (canary) putSnapshot(tx.db, canaryKey(row.id), canary.value, tx.now);
  const { frozen } = facts;
  if (frozen)
    recordOverride(tx, target, { deploymentId: row.id, frozen, actor: request.actor, reason: request.reason ?? '' });
  return ok(row);
}

/** The slot that serves no users; blue for the very first release. */
export function slotFor({ active }: Pick<GateFacts, 'active'>): SlotName {
  return active ? otherSlot(active.slot) : 'blue';
}

const maxReason = 500;

export const newDeploymentId = (): string => `d_${randomBytes(4).toString('hex')}`;

export interface NewDeployment {
  /** Where the announcement named it before it is created. */
  readonly id?: string;
  readonly mode: Mode;
  readonly version: string;
  readonly slot: SlotName;
  readonly from: GateFacts['active'];
  readonly hold: boolean;
  readonly reason: string | undefined;
  readonly requestedBy: string;
  /** For a warm side, whose plan needs no check of files. */
  readonly planned?: Pick<DeploymentRow, 'digest' | 'plan' | 'planHash'>;
}

export function createDeployment(tx: Tx, { key, name }: Target, desired: NewDeployment): DeploymentRow {
  const id = desired.id ?? newDeploymentId();
  const build = buildOf(tx.db, key.service, desired.version);
  addDeployment(tx, {
    id,
    ...key,
    version: desired.version,
    mode: desired.mode,
    slot: desired.slot,
    fromSlot: desired.from?.slot ?? null,
    fromVersion: desired.from?.version ?? null,
    fromDigest: desired.from?.digest ?? null,
    hold: desired.hold,
    reason: desired.reason?.trim().slice(0, maxReason) || null,
    requestedBy: desired.requestedBy,
    requestedAt: tx.now,
    position: 0,
    direction: 'forward',
    phase: desired.planned?.plan?.steps[0]?.name ?? 'fetching',
    stateVersion: 1,
    ...desired.planned,
  });
  tx.audit({
    ...key,
    actor: desired.requestedBy,
    action: 'deployment-requested',
    deploymentId: id,
    code: desired.mode,
    sentence: `${shortName(desired.requestedBy)} asks to ${desired.mode === 'deploy' ? 'deploy' : desired.mode} ${name} ${desired.version}${desired.from ? ` (now ${desired.from.version})` : ''}${desired.reason ? `: ${desired.reason}` : ''}`,
    detail: {
      version: desired.version,
      slot: desired.slot,
      from: desired.from?.version ?? null,
      hold: desired.hold,
      ...(build ? { build: build.id } : {}),
    },
  });
  const row = readDeployment(tx.db, id);
  if (!row) throw new Error(`deployment ${id} was not written`);
  return row;
}

/** What `deploy` would do, without doing it: every gate's answer, not only the first. */
export async function planOnly(core: Core, request: DeployRequest): Promise<Result<PlanView>> {
  const found = findTarget(core, request);
  if (!found.ok) return found;
  const { settings } = found.value;
  const canary = request.canary === undefined ? ok(settings.canary) : readCanary(request.canary, settings);
  if (!canary.ok) return canary;
  return planFor(core, { ...found.value, settings: { ...settings, canary: canary.value } }, request);
}

async function planFor(core: Core, target: Target, request: DeployRequest): Promise<Result<PlanView>> {
  const gathered = gatherFacts(core, target, { ...request, redeploy: request.redeploy ?? false });
  const folder = join(target.settings.releasesFolder, request.version);
  const mode: Mode = gathered.active?.version === request.version ? 'redeploy' : 'deploy';
  const slot = slotFor(gathered);
  const seen = gathered.releaseExists
    ? await lookAtRun(core, target, { version: request.version, folder, slot, from: gathered.active?.version })
    : undefined;
  const digest = seen?.measure.digest;
  // Before it is registered, a release is known to be marked bad only by the files that were measured now.
  const mark = digest === undefined ? undefined : readQuarantine(core.store.db, digest);
  const facts = { ...gathered, quarantine: gathered.quarantine ?? mark };
  const schema = facts.releaseExists
    ? await schemaSeen(core, target, { version: request.version, folder })
    : nothingToChange;
  const planned = planFacts(core, target, {
    row: { mode, fromSlot: facts.active?.slot ?? null, hold: request.hold ?? false },
    digest: digest ?? '',
    schema: schema.plan,
    evidence: schema.evidence,
    risk: seen?.run?.risk,
  });
  const registered = readRelease(core.store.db, target.key.service, request.version);
  const held = readSlot(core.store.db, target.key, slot);
  return ok({
    mode,
    name: target.name,
    version: request.version,
    slot,
    from: facts.active?.version,
    steps: planned.plan.steps.map((step) => stepTitle(step, request.version)),
    schema: schema.lines,
    routing: routingLines(target, facts, request.version),
    gates: [
      ...gatesOfDeploy.map(({ name, gate }) => {
        const answer = gate(facts);
        return { name, refusal: answer.ok ? undefined : answer.refusal };
      }),
      ...(seen ? [{ name: 'start', refusal: seen.refusal }] : []),
      ...(target.migrator.kind === undefined ? [] : [{ name: 'schema', refusal: schema.refusal }]),
    ],
    warnings: [
      ...warningsOf(facts),
      ...omissionsOf({ mode, hasActive: facts.active !== undefined, ...target }).map(({ sentence }) => sentence),
      ...core.builds
        .contributors(target.key, request.version)
        .warnings(request.actor.kind === 'person' ? request.actor.id : undefined),
      ...(seen?.warnings ?? []),
      ...(held.version === null ? [] : [`${held.version} in ${slot} (${held.label || held.role}) will be stopped`]),
      ...slowerRollback(core, target, held, facts),
      ...(registered && digest !== undefined && registered.digest !== digest
        ? [`the files of ${request.version} differ from those registered; a version is immutable`]
        : []),
    ],
    checks: checkLines(target),
    finds: await whatItFinds(core, target, { steps: planned.plan.steps, active: facts.active?.slot }),
    hash: digest === undefined ? undefined : planned.hash,
    run: seen?.run,
  });
}

/** A failed release stands in the slot of the standby for a while: said before it happens. */
function slowerRollback(
  core: Core,
  target: Target,
  { role, label, version: standby, slot }: SlotRow,
  { active, version }: GateFacts,
): readonly string[] {
  if (role !== 'standby' || label !== null || standby === null || standby === active?.version) return [];
  const { keepMs } = target.settings.failedSide;
  const held = keepMs === 0 ? '' : `; if ${version} fails, it stays in ${slot} for ${forHowLong(keepMs)}`;
  return [`until ${version} is live, a rollback to ${standby} needs a start (${howLong(core, target)})${held}`];
}

function routingLines({ settings, balancer }: Target, { active }: GateFacts, version: string): readonly string[] {
  const now = active ? `100 % ${active.version} (${active.slot})` : 'nobody: 503';
  const shares =
    active && balancer.weights
      ? settings.canary.map(({ percent }) => `${percent} % ${version}, ${100 - percent} % ${active.version}`)
      : [];
  return [now, ...new Set(shares), `100 % ${version}`];
}
