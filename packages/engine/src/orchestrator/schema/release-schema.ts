// What a release would do to the schema, checked before anything is registered or begun.

import type { ReasonCode } from '../../domain/reasons.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import type { Core, Target } from '../core.ts';
import { failed, type StepResult } from '../run/step.ts';
import { type Candidate, expandEvidence, type SchemaEvidence } from './evidence.ts';

const shown = 5;

export interface ReleaseSchema {
  readonly plan: SchemaPlan;
  /** Undefined where nothing would be widened, or where the files are enough to refuse it. */
  readonly evidence: SchemaEvidence | undefined;
  /** Why it cannot be deployed here. */
  readonly refusal: { readonly code: ReasonCode; readonly sentence: string } | undefined;
}

/** @throws MigrationError when the database cannot be asked */
export async function releaseSchema(
  core: Core,
  target: Target,
  release: Candidate,
  signal: AbortSignal,
): Promise<ReleaseSchema> {
  const plan = await target.migrator.plan(release.folder);
  const refused = (code: ReasonCode, sentence: string, evidence?: SchemaEvidence): ReleaseSchema => ({
    plan,
    evidence,
    refusal: { code, sentence },
  });
  if (plan.problems.length > 0) return refused('schema-hazard', problemsSentence(plan.problems));
  const [fits] = await target.migrator.compatible([release.folder]);
  if (fits && fits.lost.length > 0)
    return refused('schema-incompatible', `it cannot run on the present schema: ${fits.evidence}`);
  if (plan.expand.length === 0) return { plan, evidence: undefined, refusal: undefined };
  const evidence = await expandEvidence(core, target, release, signal);
  if (evidence.verdict === 'incompatible') return refused('schema-incompatible', evidence.headline, evidence);
  // An accepted hazard is shown to the approvers; a hazard that was not checked is not passed.
  if (!evidence.allowed && plan.reviews.length > 0) return refused('schema-hazard', reviewSentence(plan), evidence);
  if (!evidence.allowed && plan.accepted.length === 0)
    return refused('schema-unknown', `${evidence.headline}; what is not known to be safe may only add`, evidence);
  return { plan, evidence, refusal: undefined };
}

const reviewSentence = ({ reviews }: SchemaPlan): string =>
  `${problemsSentence(reviews)}. No one has decided on that: let a scratch copy (\`scratch\` of the database) do it, or take it on with \`-- @accept\` and a reason`;

export function problemsSentence(problems: readonly string[]): string {
  const more = problems.length > shown ? `; and ${problems.length - shown} more` : '';
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return `${count} in its migrations: ${problems.slice(0, shown).join('; ')}${more}`;
}

export const refusedFor = (version: string, { code, sentence }: NonNullable<ReleaseSchema['refusal']>): StepResult =>
  failed(code, `${version} is not registered: ${sentence}`);
