// `config apply`: a person applies a changed health rule to what runs now. Each side must be healthy by the new rule
// first: a rule that no side fulfils would take users off a release that serves them well. Or the person declines it.

import type { Engine } from '../../api/engine.ts';
import type { HealthSettings } from '../../config/health/settings.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { SlotName } from '../../domain/target.ts';
import { getSnapshot, leftKey, putSnapshot } from '../../state/snapshots.ts';
import { readSlot } from '../../state/targets.ts';
import { forgetSettled, type LeftAsItIs, pendingOf } from '../controller/pending-changes.ts';
import { changedFields, digestOfChanges } from '../controller/running.ts';
import { asSlot, type Core, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, noLiveDeployment, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { probeSide } from '../side-checks.ts';
import { refused } from './refused.ts';

type ApplyRequest = Parameters<Engine['applyConfiguration']>[0];
type LeaveRequest = Parameters<Engine['leaveConfiguration']>[0];

interface Change {
  readonly slot: SlotName;
  readonly fields: readonly string[];
}

export async function applyConfiguration(core: Core, request: ApplyRequest): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb: 'config apply' }, found);
  return core.mutex(`configuration ${found.value.name}`, () => apply(core, found.value, request));
}

async function apply(core: Core, target: Target, request: ApplyRequest): Promise<Result<Target>> {
  const answer = await admissible(core, target, request);
  if (!answer.ok) return refused(core, { ...request, verb: 'config apply' }, answer, target);
  const { health } = target.settings;
  const digest = digestOfChanges(pendingOf(core, target.key));
  for (const { slot } of answer.value) await target.environment.judgeBy({ ...target.key, slot }, health);
  const name = actorName(request.actor);
  core.store.write((tx) => {
    forgetSettled(core, tx, target.key);
    for (const { slot, fields } of answer.value)
      tx.audit({
        ...target.key,
        actor: name,
        action: 'configuration-applied',
        sentence: `${shortName(name)} lets the changed health rule (${fields.join(', ')}) hold for ${slot} of ${target.name} from now on`,
        detail: { slot, fields, health: withoutSecrets(health), before: digest },
      });
  });
  return ok(target);
}

/** A header that opens a health address is a secret; the log is read and shipped elsewhere. */
function withoutSecrets({ headers, ...health }: HealthSettings): object {
  return { ...health, headers: Object.keys(headers) };
}

/** The answer to the same question: changes nothing before the next start, and ends the question about this change. */
export function leaveConfiguration(core: Core, request: LeaveRequest): Result<Target> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb: 'config leave' }, found);
  const target = found.value;
  const by = actorName(request.actor);
  const answer = leavable(core, target, request);
  if (!answer.ok) return refused(core, { ...request, verb: 'config leave' }, answer, target);
  core.store.write((tx) => {
    putSnapshot(tx.db, leftKey(target.key), { digest: request.seen, by } satisfies LeftAsItIs, tx.now);
    tx.audit({
      ...target.key,
      actor: by,
      action: 'configuration-left',
      sentence: `${shortName(by)} leaves what runs on ${target.name} as it was started; what changed takes effect at the next start`,
      detail: { before: request.seen },
    });
  });
  return found;
}

function leavable(core: Core, target: Target, { actor, seen }: LeaveRequest): Result<undefined> {
  const gates = ask(
    [{ gate: inTeam }, { gate: mayOperate }, { gate: sameConfiguration }],
    gatherFacts(core, target, { actor, version: '' }),
  );
  if (!gates.ok) return gates;
  const left = getSnapshot<LeftAsItIs>(core.store.db, leftKey(target.key))?.value;
  if (left?.digest === seen)
    return refuse('not-allowed-now', `${shortName(left.by)} left the changed configuration of ${target.name} already`);
  return unlessStale(core, target, seen);
}

/** A person decides about the change that they saw. */
function unlessStale(core: Core, target: Target, seen: string | undefined): Result<undefined> {
  if (seen === undefined || seen === digestOfChanges(pendingOf(core, target.key))) return ok(undefined);
  return refuse(
    'stale-card',
    `what differs on ${target.name} has changed since this button was drawn`,
    'Look again; then decide.',
  );
}

async function admissible(
  core: Core,
  target: Target,
  { actor, seen }: ApplyRequest,
): Promise<Result<readonly Change[]>> {
  const gates = ask(
    [{ gate: inTeam }, { gate: mayOperate }, { gate: sameConfiguration }, { gate: noLiveDeployment }],
    gatherFacts(core, target, { actor, version: '' }),
  );
  if (!gates.ok) return gates;
  const changes = (['blue', 'green'] as const).flatMap((slot): readonly Change[] => {
    const fields = changedFields(target.settings.health, target.environment.startedAs({ ...target.key, slot })?.health);
    return fields.length === 0 ? [] : [{ slot, fields }];
  });
  if (changes.length === 0)
    return refuse(
      'not-allowed-now',
      `every instance of ${target.name} is judged by the configured health rule already`,
      'A changed address or environment takes effect at the next start of a slot.',
    );
  const fresh = unlessStale(core, target, seen);
  if (!fresh.ok) return fresh;
  for (const { slot } of changes) {
    const { role, version } = readSlot(core.store.db, target.key, slot);
    if (role === 'idle' || version === null) continue;
    const rule = asSlot(target, slot, target.settings.health);
    const report = await probeSide(target, { slot, version, needed: 'enough', settings: rule });
    if (!report.healthy)
      return refuse(
        'side-unhealthy',
        `${version} in ${slot} is not healthy by the changed rule: ${report.problem}`,
        'Correct the rule; what runs is judged by the one it was started with until then.',
      );
  }
  return ok(changes);
}
