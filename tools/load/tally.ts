// Counts of answers, small enough to keep for hours.

import type { Answer } from './verdict.ts';

export interface Tally {
  readonly sent: number;
  readonly ok: number;
  readonly badRelease: number;
  readonly lost: number;
  /** Still waiting for an answer. */
  readonly underWay: number;
  /** Not sent at their time, because too many were under way. */
  readonly heldBack: number;
  /** Answers by version. */
  readonly versions: Readonly<Record<string, number>>;
  /** The first few that were not ok, for people. */
  readonly problems: readonly string[];
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Counting {
  sending(): void;
  heldBack(): void;
  count(answer: Answer): void;
  tally(): Tally;
}

const maxProblems = 20;
const maxTimes = 20_000;

export function createCounting(startedAt: number, now: () => number): Counting {
  const counts = { sent: 0, ok: 0, 'bad-release': 0, lost: 0, heldBack: 0 };
  const versions = new Map<string, number>();
  const problems: string[] = [];
  const timesMs: number[] = [];
  const answered = (): number => counts.ok + counts['bad-release'] + counts.lost;
  return {
    sending: () => {
      counts.sent += 1;
    },
    heldBack: () => {
      counts.heldBack += 1;
    },
    count: (answer) => {
      counts[answer.verdict] += 1;
      timesMs[(answered() - 1) % maxTimes] = answer.endedAt - answer.sentAt;
      if (answer.version !== undefined) versions.set(answer.version, (versions.get(answer.version) ?? 0) + 1);
      if (answer.problem !== undefined && answer.verdict === 'lost' && problems.length < maxProblems)
        problems.push(`request ${answer.number} (${answer.method}, user ${answer.user}): ${answer.problem}`);
    },
    tally: () => {
      const sorted = timesMs.toSorted((left, right) => left - right);
      return {
        sent: counts.sent,
        ok: counts.ok,
        badRelease: counts['bad-release'],
        lost: counts.lost,
        underWay: counts.sent - answered(),
        heldBack: counts.heldBack,
        versions: Object.fromEntries(versions),
        problems: [...problems],
        perSecond: Math.round((counts.sent / Math.max(1, now() - startedAt)) * 1_000),
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
      };
    },
  };
}

/** Users who were sent back to a version that they had left: one canary must do this to no user. */
export function flippedUsers(answers: readonly Answer[]): readonly number[] {
  const seen = new Map<number, string[]>();
  const flipped = new Set<number>();
  for (const { user, version } of answers) {
    const before = seen.get(user) ?? [];
    if (version === undefined || before.at(-1) === version) continue;
    if (before.includes(version)) flipped.add(user);
    seen.set(user, [...before, version]);
  }
  return [...flipped];
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
