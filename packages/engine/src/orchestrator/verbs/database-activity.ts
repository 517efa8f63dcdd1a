// `bg migrate activity`: what the database of a target is doing, for a person who waits for the answer.

import type { ActivityView } from '../../api/migrations.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { Core } from '../core.ts';
import { findTarget } from '../gates/facts.ts';

/** Every user may read it; the database answers with the rights of the migrating role. */
export async function databaseActivity(core: Core, ref: TargetRef): Promise<Result<ActivityView>> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const { migrator, name } = found.value;
  try {
    return ok({ name, kind: migrator.kind ?? '', at: core.clock.now(), ...(await migrator.activity()) });
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    return refuse('schema-refused', thrown.message, thrown.hint);
  }
}
