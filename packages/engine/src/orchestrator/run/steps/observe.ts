// One check of both sides while users are on the new one: the counts, the verdict of the fixed limits, and the judge's,
// which continues over all steps of a deployment and over the processes that run it.

import type { StoredEvidence } from '../../../analysis/canary-evidence.ts';
import { type CanaryJudge, type CanaryJudgement, createCanaryJudge } from '../../../analysis/canary-judge.ts';
import type { LimitFinding } from '../../../analysis/error-evidence.ts';
import { type Judgement, judge, lackOfClients } from '../../../analysis/judge.ts';
import type { RecordedLook } from '../../../analysis/replay.ts';
import { noTotals, shareProblem, type Totals, tickBetween, totalsOf } from '../../../analysis/ticks.ts';
import type { CheckView, Observation } from '../../../api/deployment.ts';
import type { JudgeSettings } from '../../../config/judge/settings.ts';
import { noCounts, type SideCounts, type Traffic } from '../../../domain/routing.ts';
import { otherSlot, type SlotName } from '../../../domain/target.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Counts } from '../../../load-balancer/capabilities.ts';
import { getSnapshot, judgeKey, observationKey, putSnapshot } from '../../../state/snapshots.ts';
import { readRouting } from '../../../state/targets.ts';
import { shareOf } from '../../routing/routing.ts';
import type { StepFrame } from '../step.ts';
import { createChecks, withChecks } from './checks.ts';
import { createConfounderWatch } from './confounder-watch.ts';
import { policyOf } from './judge-policy.ts';
import { createRecorder } from './recording.ts';
import { createTrendRecorder } from './trend-recorder.ts';

export interface Look {
  readonly sinceMs: number;
  readonly watchedMs: number;
  /** Of a step that ends by time. */
  readonly lengthMs: number | undefined;
}

export interface Observed {
  /** What the step decides by. */
  readonly judgement: Judgement;
  readonly checks: readonly CheckView[];
}

export interface Observer {
  /** Checks now, and stores the result for people. */
  observe(look: Look): Promise<Observed>;
}

export function createObserver(frame: StepFrame, counter: Counts): Observer {
  const { core, target, deployment } = frame;
  const settings = target.settings.judge;
  const comparison = createComparison({ core, deployment }, settings);
  const evidence = createChecks(frame);
  const trend = createTrendRecorder(frame);
  const confounders = createConfounderWatch(frame);
  return {
    async observe({ sinceMs: sharedSince, watchedMs, lengthMs }) {
      // A clock that was set back since the share changed must not hide what users get now.
      const sinceMs = Math.min(sharedSince, core.clock.now() - watchedMs);
      const traffic = await counter.traffic(sinceMs).catch((thrown: unknown): string => messageOf(thrown));
      const at = core.clock.now();
      const watchUntil = lengthMs === undefined ? undefined : at + Math.max(0, lengthMs - watchedMs);
      const put = (observation: Pick<Observation, 'stable' | 'canary' | 'judgement' | 'advice' | 'checks'>) =>
        core.store.note((db) => {
          putSnapshot(db, observationKey(deployment.id), { at, sinceMs, watchUntil, ...observation }, at);
          trend.write(db, at);
          confounders.write(db, at);
        });
      if (typeof traffic === 'string') {
        const judgement: Judgement = { verdict: 'Error', sentence: `could not measure: ${traffic}` };
        put({ stable: noCounts, canary: noCounts, judgement });
        return { judgement, checks: [] };
      }
      const counts = sides(traffic, deployment.slot);
      const percent = shareOf(readRouting(core.store.db, target.key).intent, deployment.slot);
      trend.add({ at, sharedSince, percent, ...counts });
      const compared = comparison.add(totalsOf(counts), { sharedSince, percent });
      const lack = compared.judgement.verdict === 'Successful' ? lackOfClients(counts, settings) : undefined;
      const advice: Judgement = lack === undefined ? compared.judgement : { verdict: 'Inconclusive', sentence: lack };
      const checks = evidence.look({ sharedSince, ...counts });
      const fixed = withCertainty(judge(counts, settings), compared.limit);
      const judgement = withChecks(decide({ fixed, advice, settings, percent }), checks);
      const marks = confounders.look(percent < 100);
      const verdicts = { decided: judgement.verdict, compared: advice.verdict };
      compared.record({ at, percent, ...verdicts, ...(marks.length === 0 ? {} : { marks }) });
      put({ ...withoutTimes(counts), judgement, advice, ...(checks.length > 0 ? { checks } : {}) });
      return { judgement, checks };
    },
  };
}

interface Decision {
  readonly fixed: Judgement;
  readonly advice: Judgement;
  readonly settings: JudgeSettings;
  readonly percent: number;
}

/** With all users on the new side there is no comparison, so nothing can be proven: the fixed limits clear it. */
function decide({ fixed, advice, settings, percent }: Decision): Judgement {
  if (settings.mode === 'manual') return fixed;
  return advice.verdict === 'Failed' || percent < 100 ? advice : fixed;
}

/** More errors than the limit are a failure only where they are certain, and not those of the stable side too. */
function withCertainty(fixed: Judgement, finding: LimitFinding): Judgement {
  if (fixed.verdict !== 'Failed' || finding === 'proven') return fixed;
  const doubt =
    finding === 'not certain' ? 'it is not certain yet' : 'it is not certain that the stable side fails less';
  return { verdict: 'Inconclusive', sentence: `${fixed.sentence}, but ${doubt}` };
}

interface Compared {
  readonly judgement: Judgement;
  readonly limit: LimitFinding;
  /** Records the look, once it is known what it led to. */
  readonly record: (look: Omit<RecordedLook, 'tick'>) => void;
}

interface Comparison {
  add(totals: Totals, share: { readonly sharedSince: number; readonly percent: number }): Compared;
}

/** What the process that continues needs. */
interface Remembered {
  readonly sharedSince: number;
  readonly totals: Totals;
  readonly evidence: StoredEvidence;
}

/** The evidence is written every so many checks; what comes after that is counted again from the totals. */
const looksPerWrite = 5;
/** A judge that was away for longer counts this much of the time. */
const longestTickMs = 5_000;

function createComparison(
  { core, deployment }: Pick<StepFrame, 'core' | 'deployment'>,
  settings: JudgeSettings,
): Comparison {
  const key = judgeKey(deployment.id);
  const before = getSnapshot<Remembered>(core.store.db, key)?.value;
  const canaryJudge: CanaryJudge = createCanaryJudge(policyOf(settings), before?.evidence);
  let last = { sharedSince: before?.sharedSince, totals: before?.totals ?? noTotals };
  let lookedAt: number | undefined;
  let looks = 0;
  const recorder = createRecorder({ core, deployment });
  return {
    add: (totals, { sharedSince, percent }) => {
      const now = core.clock.monotonic();
      const ms = lookedAt === undefined ? 0 : Math.min(longestTickMs, now - lookedAt);
      const tick = tickBetween(last.sharedSince === sharedSince ? last.totals : noTotals, totals, ms);
      if (tick) canaryJudge.add(tick);
      lookedAt = now;
      last = { sharedSince, totals };
      looks += 1;
      if (looks % looksPerWrite === 1)
        core.store.note((db, at) => putSnapshot(db, key, { sharedSince, totals, evidence: canaryJudge.state() }, at));
      const problem = shareProblem(totals, percent);
      const judgement: Judgement =
        problem === undefined
          ? withoutDetails(canaryJudge.judgement())
          : { verdict: 'Inconclusive', sentence: problem };
      const record: Compared['record'] = (look) => {
        // After a kill up to four looks are counted once more, in one: the evidence goes on from where it was written.
        if (tick) recorder.add({ ...look, tick });
      };
      return { judgement, limit: canaryJudge.limit(), record };
    },
  };
}

const withoutDetails = ({ verdict, sentence, metric }: CanaryJudgement): Judgement => ({
  verdict,
  sentence,
  ...(metric === undefined ? {} : { metric }),
});

function sides(traffic: Traffic, slot: SlotName) {
  return { stable: traffic[otherSlot(slot)], canary: traffic[slot] };
}

/** People see quantiles; the times behind them are many, and change each second. */
function withoutTimes({ stable, canary }: ReturnType<typeof sides>) {
  const bare = ({ times: _, ...counts }: SideCounts): SideCounts => counts;
  return { stable: bare(stable), canary: bare(canary) };
}
