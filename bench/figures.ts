// Figures of a bench: measured, compared with a peer where there is one, and with a bar where there is one.

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'count' | 'ratio';
  readonly value: number;
  /** The same of something that does nothing, or of another product, in the same run. */
  readonly peer: { readonly name: string; readonly value: number } | undefined;
  readonly bar: number | undefined;
  /** How the value must compare to its bar; `under` when left out. */
  readonly reach?: 'under' | 'at most' | 'at least';
}

/** From the command line. */
export interface BenchOptions {
  readonly switches: number | undefined;
  readonly seconds: number | undefined;
  readonly drivers: readonly string[] | undefined;
  readonly isLong: boolean;
  /** Of the table that is migrated. */
  readonly rows?: number | undefined;
  /** Of each simulated cell. */
  readonly runs?: number | undefined;
  /** Of a bench that has several; all of them when left out. */
  readonly parts?: readonly string[] | undefined;
}

export interface Measured {
  readonly figures: readonly Figure[];
  /** Markdown, for a separate page. */
  readonly page?: string;
  /** Everything, for `--json`. */
  readonly details?: unknown;
}

export interface Bench {
  readonly title: string;
  /** How it was measured, in one sentence. */
  readonly how: string;
  readonly limitMs: number;
  /** What may be named after its title. */
  readonly parts?: readonly string[];
  run(say: (sentence: string) => void, signal: AbortSignal, options: BenchOptions): Promise<Measured>;
}

/** A value that could not be measured is missed too. */
export function isMissed({ value, bar, reach }: Figure): boolean {
  if (bar === undefined) return false;
  if (reach === 'at least') return !(value >= bar);
  return reach === 'at most' ? !(value <= bar) : !(value < bar);
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((each) => [
    each.name,
    amount(each.value, each.unit),
    each.peer === undefined ? '' : `${amount(each.peer.value, each.unit)} (${each.peer.name})`,
    each.bar === undefined ? '' : `${each.reach ?? 'under'} ${amount(each.bar, each.unit)}`,
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

export function amount(value: number, unit: Figure['unit']): string {
  if (Number.isNaN(value)) return 'not measured';
  if (unit === 'ratio') return value.toFixed(2);
  if (unit === 'count') return String(value);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
