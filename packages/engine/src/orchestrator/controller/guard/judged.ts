// What users get from the live side after the bake, by the load balancer's counts. No other side has users to compare with,
// so it is before against after: the fixed limits of the judge decide, over the last minute, where they are certain.

import { judge } from '../../../analysis/judge.ts';
import { noCounts } from '../../../domain/routing.ts';
import { otherSlot } from '../../../domain/target.ts';
import { within } from '../../../lib/tasks.ts';
import type { Counts } from '../../../load-balancer/capabilities.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { dropSnapshot, getSnapshot, judgedKey, putSnapshot } from '../../../state/snapshots.ts';
import { readSlot, type SlotRow } from '../../../state/targets.ts';
import type { Core, Target } from '../../core.ts';
import { activeSide } from '../../gates/facts.ts';
import { policyOf } from '../../run/steps/judge-policy.ts';
import { isWarm } from '../../verbs/rollback-target.ts';
import { continued, isProven, type LiveEvidence, withLook } from './live-evidence.ts';
import { sideOf } from './memory.ts';

interface Judged {
  readonly side: string;
  /** Looks in a row that found it bad. */
  readonly failures: number;
  readonly sentence: string;
  /** Missing in what an older version wrote. */
  readonly evidence?: LiveEvidence;
}

const windowMs = 60_000;
/** Evidence of good times is not urgent: it is added and written this often. */
const evidenceMs = 10_000;
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
  const before = read(core, target, row) ?? { side: sideOf(row), failures: 0, sentence: '' };
  const asked = lookAt({ core, target, counts, row }, before).catch(() => undefined);
  const judged = (await within(countLimitMs, asked, { clock: core.clock })) ?? withoutFailures(before);
  if (judged === before) return;
  core.store.note((db, at) => putSnapshot(db, judgedKey(target.key), judged, at));
}

interface Look {
  readonly core: Core;
  readonly target: Target;
  readonly counts: Counts;
  readonly row: SlotRow;
}

/** Bad is what is above the limit in the last minute, where that is no chance by all that was seen. */
async function lookAt({ core, target, counts, row }: Look, before: Judged): Promise<Judged> {
  const now = core.clock.now();
  const rules = target.settings.judge;
  const policy = policyOf(rules);
  const from = Math.max(row.since, now - windowMs);
  const { verdict, sentence } = judge({ canary: (await counts.traffic(from))[row.slot], stable: noCounts }, rules);
  const isAbove = verdict === 'Failed';
  const known = continued(before.evidence, policy, { now, from });
  const isDue = isAbove || now - known.lookedAt >= evidenceMs;
  const evidence = isDue
    ? withLook(known, policy, { now, counts: (await counts.traffic(known.from))[row.slot] })
    : known;
  if (isAbove && isProven(evidence, policy)) return { ...before, failures: before.failures + 1, sentence, evidence };
  // A bad time that is over proves nothing about a later one.
  const isOver = before.failures > 0 && !isAbove;
  if (isOver) return withoutFailures({ ...before, evidence: continued(undefined, policy, { now, from: now }) });
  return withoutFailures(evidence === before.evidence ? before : { ...before, evidence });
}

const withoutFailures = (judged: Judged): Judged =>
  judged.failures === 0 ? judged : { ...judged, failures: 0, sentence: '' };

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
