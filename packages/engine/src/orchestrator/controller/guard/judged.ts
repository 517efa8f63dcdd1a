// What users get from the live side after the bake, by the load balancer's counts. No other side has users to compare with,
// so it is before against after: the fixed limits of the judge decide, over the last minute.

import { judge } from '../../../analysis/judge.ts';
import { noCounts } from '../../../domain/routing.ts';
import { otherSlot } from '../../../domain/target.ts';
import { within } from '../../../lib/tasks.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { dropSnapshot, getSnapshot, judgedKey, putSnapshot } from '../../../state/snapshots.ts';
import { readSlot, type SlotRow } from '../../../state/targets.ts';
import type { Core, Target } from '../../core.ts';
import { activeSide } from '../../gates/facts.ts';
import { isWarm } from '../../verbs/rollback-target.ts';
import { sideOf } from './memory.ts';

interface Judged {
  readonly side: string;
  /** Looks in a row that found it bad. */
  readonly failures: number;
  readonly sentence: string;
}

const windowMs = 60_000;
/** The guard must not wait longer for the counts of a load balancer that is slow. */
const countLimitMs = 2_000;
/** A fault that both sides share shows in the health of the standby meanwhile. */
const looks = 2;

/** For as long as there is a warm standby to go back to, and no deployment, which judges by itself. */
export async function judgeLiveSide({ core, target }: { readonly core: Core; readonly target: Target }): Promise<void> {
  const { counts } = target.balancer;
  const active = activeSide(core, target);
  if (!counts || !active || target.settings.guard.judge === 'off') return;
  const row = readSlot(core.store.db, target.key, active.slot);
  const standby = readSlot(core.store.db, target.key, otherSlot(active.slot));
  if (!isWarm(standby) || standby.label !== null || liveDeployment(core.store.db, target.key))
    return forget(core, target);
  const now = core.clock.now();
  const asked = counts.traffic(Math.max(row.since, now - windowMs)).catch(() => undefined);
  const traffic = await within(countLimitMs, asked, { clock: core.clock });
  if (traffic === undefined) return forget(core, target);
  const { verdict, sentence } = judge({ canary: traffic[row.slot], stable: noCounts }, target.settings.judge);
  if (verdict !== 'Failed') return forget(core, target);
  const before = read(core, target, row);
  const judged: Judged = { side: sideOf(row), failures: (before?.failures ?? 0) + 1, sentence };
  core.store.note((db, at) => putSnapshot(db, judgedKey(target.key), judged, at));
}

/** Why the live side is bad for its users; undefined where it is not, or not yet for long enough. */
export function judgedProblem(core: Core, target: Target, row: SlotRow): string | undefined {
  const judged = read(core, target, row);
  return judged !== undefined && judged.failures >= looks ? `in the last minute, ${judged.sentence}` : undefined;
}

function read({ store }: Core, { key }: Target, row: SlotRow): Judged | undefined {
  const judged = getSnapshot<Judged>(store.db, judgedKey(key))?.value;
  return judged?.side === sideOf(row) ? judged : undefined;
}

function forget({ store }: Core, { key }: Target): void {
  if (getSnapshot<Judged>(store.db, judgedKey(key)) === undefined) return;
  store.note((db) => dropSnapshot(db, judgedKey(key)));
}
