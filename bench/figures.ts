// Figures of a bench: measured, beside a peer where there is one, against a bar where there is one.

export interface Figure {
  readonly name: string;
  readonly unit: 'ms';
  readonly value: number;
  /** The same of something that does nothing, or of another product, in the same run. */
  readonly peer: { readonly name: string; readonly value: number } | undefined;
  /** The value must be under it. */
  readonly bar: number | undefined;
}

export interface Bench {
  readonly title: string;
  /** How it was measured, in one sentence. */
  readonly how: string;
  run(say: (sentence: string) => void, signal: AbortSignal): Promise<readonly Figure[]>;
}

export const isMissed = ({ value, bar }: Figure): boolean => bar !== undefined && value >= bar;

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((each) => [
    each.name,
    amount(each.value, each.unit),
    each.peer === undefined ? '' : `${amount(each.peer.value, each.unit)} (${each.peer.name})`,
    each.bar === undefined ? '' : `under ${amount(each.bar, each.unit)}`,
    each.bar === undefined ? '' : isMissed(each) ? '✗ missed' : '✓',
  ]);
  const all = [['figure', 'here', 'beside', 'bar', ''], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The smallest value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

const amount = (value: number, unit: string): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
