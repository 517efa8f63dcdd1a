// A release's part in the schema for a plan that is only shown: nothing is refused, everything is reported.

import type { Refusal } from '../../domain/refusal.ts';
import { deadline } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import type { Core, Target } from '../core.ts';
import type { Candidate, SchemaEvidence } from './evidence.ts';
import { releaseSchema } from './release-schema.ts';

/** The caller waits for it. */
const limitMs = 120_000;

export interface SchemaSeen {
  readonly plan: Pick<SchemaPlan, 'expand' | 'accepted'>;
  readonly evidence: SchemaEvidence | undefined;
  readonly lines: readonly string[];
  readonly refusal: Refusal | undefined;
}

export const nothingToChange: SchemaSeen = {
  plan: { expand: [], accepted: [] },
  evidence: undefined,
  lines: [],
  refusal: undefined,
};

export async function schemaSeen(core: Core, target: Target, release: Candidate): Promise<SchemaSeen> {
  try {
    const { plan, evidence, refusal } = await releaseSchema(core, target, release, deadline(limitMs));
    const refused = refusal && { code: 'schema-refused' as const, sentence: refusal.sentence, hint: '' };
    return { plan, evidence, lines: planLines(plan, evidence), refusal: refused };
  } catch (thrown) {
    return { ...nothingToChange, refusal: { code: 'schema-refused', sentence: messageOf(thrown), hint: '' } };
  }
}

export function planLines(plan: SchemaPlan, evidence?: SchemaEvidence): readonly string[] {
  const { expand, backfill, contract, byTool, accepted, reviews, warnings } = plan;
  return [
    ...expand.map((id) => `expand ${id}, before it starts`),
    ...backfill.map((id) => `backfill ${id}, once it is live`),
    ...[...contract.ready, ...contract.waiting].map(({ id }) => `contract ${id}, later, with an approval of its own`),
    ...byTool.map(({ file, tool }) => `${file} is run by ${tool}, while users of the table go on`),
    ...(evidence === undefined ? [] : [`verdict: ${evidence.headline}`]),
    ...accepted.map((hazard) => `accepted: ${hazard}`),
    ...[...reviews, ...warnings].map((warning) => `worth a look: ${warning}`),
  ];
}
