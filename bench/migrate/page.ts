// What the users saw, phase by phase.

import { cpus, release, totalmem } from 'node:os';
import { amount, type Figure } from '../figures.ts';
import { busyAtFirst } from '../traffic/machine.ts';
import type { Line } from './tally.ts';

/** Before the run makes it busy. */
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}; ${busyAtFirst()}`;

export function pageOf(version: number, rows: number, ours: readonly Line[], plain: readonly Line[]): string {
  return `# A column renamed under traffic, measured

Written by \`npm run bench migrate\` on ${new Date().toISOString().slice(0, 10)}.

Machine: ${machine}. Server, users and migrator share it.

PostgreSQL ${version} with fsync, a table of ${rows.toLocaleString('en-US')} rows, 300 transactions a second from 30 connections, each of them a read and a write of
one row, or a new row. They come at a steady rate, whether or not those before them were served; a wait is from when a transaction was due to its commit.
The migrator is killed once in expand and four times in the backfill. "At once" is one ALTER and one UPDATE in one transaction, which makes the same column.

| phase | release | transactions | failed | median | p99 | longest |
|---|---|---:|---:|---:|---:|---:|
${[...ours.map((line) => row('', line)), ...plain.map((line) => row('at once: ', line))].join('\n')}`;
}

/** The figures as a table of the page. */
export function facts(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, value, peer }) => {
    return `| ${name} | ${amount(value, unit)} | ${peer === undefined ? '' : amount(peer.value, unit)} |`;
  });
  return ['| | in steps | at once |', '|---|---:|---:|', ...rows].join('\n');
}

function row(prefix: string, { phase, release, transactions, failed, medianMs, p99Ms, longestMs }: Line): string {
  const ms = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  const cells = [prefix + phase, release, transactions, failed, ms(medianMs), ms(p99Ms), ms(longestMs)];
  return `| ${cells.join(' | ')} |`;
}
