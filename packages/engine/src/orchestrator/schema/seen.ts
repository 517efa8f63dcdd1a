// A release's part in the schema for a plan that is only shown: nothing is refused, everything is told.

import { messageOf } from '../../lib/errors.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import type { Target } from '../core.ts';
import type { Refusal } from '../refusal.ts';
import { releaseSchema } from './release-schema.ts';

export interface SchemaSeen {
  readonly plan: Pick<SchemaPlan, 'expand' | 'accepted'>;
  readonly lines: readonly string[];
  readonly refusal: Refusal | undefined;
}

export const nothingToChange: SchemaSeen = { plan: { expand: [], accepted: [] }, lines: [], refusal: undefined };

export async function schemaSeen(target: Target, folder: string): Promise<SchemaSeen> {
  try {
    const { plan, refusal } = await releaseSchema(target, folder);
    const refused = refusal && { code: 'schema-incompatible' as const, sentence: refusal.sentence, hint: '' };
    return { plan, lines: planLines(plan), refusal: refused };
  } catch (thrown) {
    const refusal = { code: 'schema-incompatible', sentence: messageOf(thrown), hint: '' } as const;
    return { ...nothingToChange, refusal };
  }
}

export function planLines({ expand, backfill, contract, accepted, warnings }: SchemaPlan): readonly string[] {
  return [
    ...expand.map((id) => `expand ${id}, before it starts`),
    ...backfill.map((id) => `backfill ${id}, once it is live`),
    ...[...contract.ready, ...contract.waiting].map(({ id }) => `contract ${id}, later, with an approval of its own`),
    ...accepted.map((hazard) => `accepted: ${hazard}`),
    ...warnings.map((warning) => `worth a look: ${warning}`),
  ];
}
