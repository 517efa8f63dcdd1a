// A target's schema as every status and card shows it, from the last look and from what is being filled just now.

import type { BackfillProgress } from '../../migrator/phases/context.ts';
import { fillingKey, getSnapshot } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';
import { type ContractView, contractOf } from './contract-view.ts';
import { type HeldBackfill, heldBackfill } from './hold-backfill.ts';
import { readLook, type SeenMigration } from './observe.ts';

export interface SchemaView {
  /** `postgres`, `mariadb` or `sqlite`. */
  readonly kind: string;
  /** The release whose migrations the schema was compared with; undefined before the first check. */
  readonly version: string | undefined;
  readonly migrations: readonly SeenMigration[];
  /** Ids that wait for their backfill, and for a person's contract. */
  readonly toFill: readonly string[];
  readonly toContract: readonly string[];
  readonly filling: BackfillProgress | undefined;
  /** Who holds the backfill, since when and why. */
  readonly held: HeldBackfill | undefined;
  /** Why it could not be checked, or what needs a person. */
  readonly problems: readonly string[];
  readonly contract: ContractView | undefined;
}

const filledLongAgoMs = 30_000;

export function schemaView(core: Core, target: Target): SchemaView | undefined {
  const { kind } = target.migrator;
  if (kind === undefined) return undefined;
  const look = readLook(core, target);
  const filling = getSnapshot<BackfillProgress | 'over'>(core.store.db, fillingKey(target.key));
  const isFilling = filling && filling.value !== 'over' && core.clock.now() - filling.at < filledLongAgoMs;
  return {
    kind,
    version: look?.version,
    migrations: look?.migrations ?? [],
    toFill: look?.next.backfill ?? [],
    toContract: look?.next.contract ?? [],
    filling: isFilling ? (filling.value as BackfillProgress) : undefined,
    held: heldBackfill(core, target),
    problems: [
      ...(look?.problem === undefined ? [] : [look.problem]),
      ...(look?.migrations ?? []).flatMap(({ id, state, problem }) =>
        state === 'failed' || state === 'blocked' ? [`${id} is ${state}: ${problem ?? 'no reason is known'}`] : [],
      ),
      ...(look?.edited ?? []).map((file) => `${file} was edited after it ran`),
      ...(look?.drift.length ? [`changed by hand: ${look.drift.slice(0, 5).join(', ')}`] : []),
    ],
    contract: contractOf(core, target),
  };
}
