// The backfill of the release that is live: a separate job outside deployments, since it may take days. Each batch has
// its cursor in its own transaction, so that the next controller continues where this one was interrupted.

import type { FactOf } from '../../domain/audit-events.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';
import { recentDeployments } from '../../state/deployments.ts';
import { fillingKey, putSnapshot } from '../../state/snapshots.ts';
import type { TargetContext } from '../core.ts';
import { eyes } from './observe.ts';
import { eventSentence, migrationSentence, reasonOf } from './words.ts';

const noteEveryMs = 1_000;

/** `stopped`: it continues later. `failed`: the reason was reported. */
export async function fillRows(
  targetContext: TargetContext,
  signal: AbortSignal,
): Promise<'filled' | 'stopped' | 'failed'> {
  const { core, target } = targetContext;
  const release = eyes(core, target);
  if (!release) return 'stopped';
  const say = reporter(targetContext);
  try {
    await target.migrator.run(release.folder, { kind: 'backfill' }, { signal, say });
    return 'filled';
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    if (thrown.code === 'stopped') return 'stopped';
    note(targetContext, { action: 'backfill-failed', code: reasonOf(thrown), sentence: migrationSentence(thrown) });
    return 'failed';
  } finally {
    core.store.tell((db, now) => putSnapshot(db, fillingKey(target.key), 'over', now));
  }
}

type BackfillAction = 'backfill-begun' | 'backfill-done' | 'backfill-warning' | 'backfill-failed';
type BackfillFact = FactOf<BackfillAction> & { readonly sentence: string };

const actions = { begun: 'backfill-begun', done: 'backfill-done', warning: 'backfill-warning' } as const;

function reporter(targetContext: TargetContext): (event: MigrationEvent) => void {
  const { core, target } = targetContext;
  let notedAt = Number.NEGATIVE_INFINITY;
  return (event) => {
    if (event.kind === 'tool') return; // of no backfill
    const sentence = eventSentence(event);
    if (sentence !== undefined && event.kind !== 'progress')
      return note(targetContext, { action: actions[event.kind], sentence, detail: { event } });
    if (core.clock.monotonic() - notedAt < noteEveryMs) return;
    notedAt = core.clock.monotonic();
    core.store.note((db, now) => putSnapshot(db, fillingKey(target.key), event, now));
  };
}

/** Reported on the card of the deployment that made the release live, which is finished by then. */
function note({ core, lease, target }: TargetContext, event: BackfillFact): void {
  const [latest] = recentDeployments(core.store.db, target.key, 1);
  core.store
    .under(lease)
    .write((tx) => tx.audit({ ...target.key, actor: 'engine', deploymentId: latest?.id, ...event }));
}
