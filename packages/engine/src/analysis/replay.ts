// The judge once more over a canary that was recorded, with this or another policy: when it would have decided what. Pure.

import type { Confounder } from '../domain/confounder.ts';
import type { CanaryTick, StoredEvidence } from './canary-evidence.ts';
import { createCanaryJudge, type JudgePolicy } from './canary-judge.ts';
import type { Verdict } from './judge.ts';

/** One look, as a line of a recording. */
export interface RecordedLook {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Of the users, on the new side. */
  readonly percent: number;
  readonly tick: CanaryTick;
  /** What the deployment went by, and what the comparison said. */
  readonly decided: Verdict;
  readonly compared: Verdict;
  /** What else had changed since the look before; absent where nothing had, and in recordings of earlier versions. */
  readonly marks?: readonly Confounder[] | undefined;
}

export interface VerdictChange {
  /** Since the first look. */
  readonly afterMs: number;
  readonly percent: number;
  readonly verdict: Verdict;
  /** Of what was recorded there is only the verdict. */
  readonly sentence: string | undefined;
  readonly metric: string | undefined;
}

export interface Replay {
  readonly looks: number;
  readonly lengthMs: number;
  /** Each time another verdict came: of the deployment, of its comparison then, and of the comparison now. */
  readonly decided: readonly VerdictChange[];
  readonly compared: readonly VerdictChange[];
  readonly replayed: readonly VerdictChange[];
  /** What else changed meanwhile. */
  readonly marks: readonly Confounder[];
  /** For a later stage or region of the same release: its evidence counts there when it is handed in as `before`. */
  readonly evidence: StoredEvidence;
}

export function replay(looks: readonly RecordedLook[], policy: JudgePolicy, before?: StoredEvidence): Replay {
  const judge = createCanaryJudge(policy, before);
  const began = looks[0]?.at ?? 0;
  const changes = { decided: [] as VerdictChange[], compared: [] as VerdictChange[], replayed: [] as VerdictChange[] };
  const note = (to: VerdictChange[], change: VerdictChange) => {
    const last = to.at(-1);
    if (last?.verdict !== change.verdict || last.metric !== change.metric) to.push(change);
  };
  for (const { at, percent, tick, decided, compared } of looks) {
    judge.add(tick);
    const { verdict, sentence, metric } = judge.judgement();
    const moment = { afterMs: at - began, percent };
    note(changes.decided, { ...moment, verdict: decided, sentence: undefined, metric: undefined });
    note(changes.compared, { ...moment, verdict: compared, sentence: undefined, metric: undefined });
    note(changes.replayed, { ...moment, verdict, sentence, metric });
  }
  return {
    looks: looks.length,
    lengthMs: (looks.at(-1)?.at ?? 0) - began,
    ...changes,
    marks: looks.flatMap(({ marks }) => marks ?? []),
    evidence: judge.state(),
  };
}
