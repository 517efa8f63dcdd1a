// What a release would do to the schema, looked at before anything is registered or begun.

import type { SchemaPlan } from '../../migrator/migrator.ts';
import type { Target } from '../core.ts';
import { failed, type StepResult } from '../step.ts';

const shown = 5;

export interface ReleaseSchema {
  readonly plan: SchemaPlan;
  /** Why it cannot be deployed here. */
  readonly refusal: { readonly code: string; readonly sentence: string } | undefined;
}

/** @throws MigrationError when the database cannot be asked */
export async function releaseSchema(target: Target, folder: string): Promise<ReleaseSchema> {
  const plan = await target.migrator.plan(folder);
  if (plan.problems.length > 0)
    return { plan, refusal: { code: 'schema-hazard', sentence: problemsSentence(plan.problems) } };
  const [fits] = await target.migrator.compatible([folder]);
  if (fits && fits.lost.length > 0)
    return {
      plan,
      refusal: { code: 'schema-incompatible', sentence: `it cannot run on the present schema: ${fits.evidence}` },
    };
  return { plan, refusal: undefined };
}

export function problemsSentence(problems: readonly string[]): string {
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : '';
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return `${count} in its migrations: ${problems.slice(0, shown).join('; ')}${more}`;
}

export const refusedFor = (version: string, { code, sentence }: NonNullable<ReleaseSchema['refusal']>): StepResult =>
  failed(code, `${version} is not registered: ${sentence}`);
