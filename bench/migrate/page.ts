// What the users saw, phase by phase.

import type { Line } from './tally.ts';

export function pageOf(version: number, rows: number, ours: readonly Line[], plain: readonly Line[]): string {
  return `PostgreSQL ${version}, ${rows.toLocaleString('en-US')} rows. Waits are from when a transaction was due to its commit.

| phase | release | transactions | failed | median | p99 | longest |
|---|---|---:|---:|---:|---:|---:|
${[...ours.map((line) => row('', line)), ...plain.map((line) => row('at once: ', line))].join('\n')}`;
}

function row(prefix: string, { phase, release, transactions, failed, medianMs, p99Ms, longestMs }: Line): string {
  const ms = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  const cells = [prefix + phase, release, transactions, failed, ms(medianMs), ms(p99Ms), ms(longestMs)];
  return `| ${cells.join(' | ')} |`;
}
