// The page of the comparison: one row for each proxy and number of connections.

import { median } from '../../figures.ts';

/** One round of one proxy. */
export interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly memoryMb: number;
}

export interface PeerRow {
  readonly name: string;
  readonly connections: number;
  readonly idleMb: number;
  readonly rounds: readonly Round[];
}

interface PageOptions {
  readonly rows: readonly PeerRow[];
  readonly how: string;
  readonly machine: string;
}

export function peersPage({ rows, how, machine }: PageOptions): string {
  const head = ['proxy', 'connections', 'requests a second', 'p50 ms', 'p99 ms', 'memory MB, idle', 'under load'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const cells = (row: PeerRow): readonly string[] => {
    const middle = (of: (round: Round) => number): number => median(row.rounds.map(of));
    return [
      row.name,
      String(row.connections),
      String(Math.round(middle(({ perSecond }) => perSecond))),
      middle(({ p50Ms }) => p50Ms).toFixed(1),
      middle(({ p99Ms }) => p99Ms).toFixed(1),
      String(Math.round(row.idleMb)),
      String(Math.round(middle(({ memoryMb }) => memoryMb))),
    ];
  };
  return [
    `Written by \`npm run bench proxy\`. Machine: ${machine}.`,
    `Load: ${how}. Medians of interleaved rounds.`,
    [line(head), line(head.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n'),
  ].join('\n\n');
}
