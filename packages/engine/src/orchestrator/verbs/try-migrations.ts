// `bg migrate try`: the SQL of a release on a copy that a person names. People of the team may do it; nothing of the
// target changes, and the log names the person.

import type { MigrationsTry, TryView } from '../../api/migrations.ts';
import { ok, type Result } from '../../domain/refusal.ts';
import { shownAddress } from '../../migrator/address.ts';
import type { Core } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, releaseKnown } from '../gates/gates.ts';
import { note, onRelease } from './migrations.ts';
import { recordRefusal } from './refused.ts';

export async function tryMigrations(core: Core, request: MigrationsTry): Promise<Result<TryView>> {
  const { actor, signal, say, copy, contract, revert } = request;
  const shown = shownAddress(copy);
  const answer = await onRelease(core, request, async (target, version, folder) => {
    const facts = gatherFacts(core, target, { actor, version });
    const may = ask([{ gate: inTeam }, { gate: releaseKnown }] as const, facts);
    if (!may.ok) return may;
    note(core, target, actor, { action: 'migrate-tried', sentence: `tries the migrations of ${version} on ${shown}` });
    const report = await target.migrator.tryOn(folder, { copy, contract, revert }, { signal, say });
    return ok({ name: target.name, version, copy: shown, ...report });
  });
  if (answer.ok) return answer;
  const found = findTarget(core, request);
  const key = found.ok ? found.value.key : undefined;
  recordRefusal(core, { actor, verb: 'migrate try', refusal: answer.refusal, key });
  return answer;
}
