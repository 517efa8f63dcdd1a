// `config apply`: a person lets a changed health rule hold for what runs now. Each side must be healthy by the new rule
// first: a rule that nothing fulfils would take users back from a release that serves them well.

import type { Engine } from '../../engine-api.ts';
import type { SlotName } from '../../environment/environment.ts';
import { probeHealth } from '../../environment/health.ts';
import { readSlot } from '../../state/targets.ts';
import { actorName, shortName } from '../actor.ts';
import { type Core, slotUrl, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../facts.ts';
import { ask, inTeam, noLiveDeployment, sameConfiguration } from '../gates.ts';
import { ok, type Result, refuse } from '../refusal.ts';
import { changedFields } from '../running.ts';
import { refused } from './parts.ts';

type ApplyRequest = Parameters<Engine['applyConfiguration']>[0];

interface Change {
  readonly slot: SlotName;
  readonly fields: readonly string[];
}

export async function applyConfiguration(core: Core, request: ApplyRequest): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, request, 'config apply', found);
  const target = found.value;
  const answer = await admissible(core, target, request);
  if (!answer.ok) return refused(core, request, 'config apply', answer, target);
  const { health } = target.settings;
  for (const { slot } of answer.value) await target.environment.judgeBy({ ...target.key, slot }, health);
  const name = actorName(request.actor);
  core.store.write((tx) => {
    for (const { slot, fields } of answer.value)
      tx.audit({
        ...target.key,
        actor: name,
        action: 'configuration-applied',
        sentence: `${shortName(name)} lets the changed health rule (${fields.join(', ')}) hold for ${slot} of ${target.name} from now on`,
        detail: { slot, fields, health },
      });
  });
  return found;
}

async function admissible(core: Core, target: Target, { actor }: ApplyRequest): Promise<Result<readonly Change[]>> {
  const gates = ask(
    [{ gate: inTeam }, { gate: sameConfiguration }, { gate: noLiveDeployment }],
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
      'A changed port or environment takes effect at the next start of a slot.',
    );
  for (const { slot } of changes) {
    const { role, version } = readSlot(core.store.db, target.key, slot);
    if (role === 'idle' || version === null) continue;
    const expected = { slot, version };
    const report = await probeHealth({ url: slotUrl(target, slot), expected, settings: target.settings.health });
    if (!report.healthy)
      return refuse(
        'side-unhealthy',
        `${version} in ${slot} is not healthy by the changed rule: ${report.problem}`,
        'Correct the rule; what runs is judged by the one it was started with until then.',
      );
  }
  return ok(changes);
}
