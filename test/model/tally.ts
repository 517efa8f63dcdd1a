// What a run has covered, so that a model that never gets anywhere is seen.

export interface Tally {
  add(what: string): void;
  count(what: string): number;
  all(): Readonly<Record<string, number>>;
  sentence(): string;
}

export function newTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    count: (what) => counts.get(what) ?? 0,
    all: () => Object.fromEntries(counts),
    sentence: () =>
      [...counts]
        .toSorted(([, one], [, other]) => other - one)
        .map(([what, count]) => `${count} ${what}`)
        .join(', '),
  };
}
