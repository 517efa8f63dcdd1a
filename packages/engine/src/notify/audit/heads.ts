// The head of the log, whole, in an external file: at the end of each deployment, and with the first row of each day.

import type { AuditAction, AuditRow } from '../../domain/audit-events.ts';
import { appendDurably } from '../../lib/append.ts';
import type { Sender } from './senders.ts';

const dayMs = 86_400_000;

export interface HeadParts {
  readonly path: string;
  /** The row before these, where there is one. */
  readonly before: (seq: number) => AuditRow | undefined;
  readonly remember: (row: AuditRow, place: string) => void;
}

export function headsInto({ path, before, remember }: HeadParts): Sender {
  return {
    name: 'heads',
    place: path,
    send: async (rows) => {
      const heads = rows.filter((row, index) => isHead(row, rows[index - 1] ?? before(row.seq)));
      if (heads.length === 0) return;
      appendDurably(path, heads.map(lineOf).join(''));
      for (const row of heads) remember(row, path);
    },
  };
}

const isHead = (row: AuditRow, previous: AuditRow | undefined): boolean =>
  row.action === ('deployment-finished' satisfies AuditAction) ||
  Math.floor(row.at / dayMs) !== Math.floor((previous?.at ?? 0) / dayMs);

/** `2026-11-29T09:00:00.000Z 412:<64 hexadecimal digits> d_x`: any line of it is a `--head`, the whole a `--heads`. */
function lineOf({ at, seq, hash, deploymentId }: AuditRow): string {
  return `${new Date(at).toISOString()} ${seq}:${hash}${deploymentId === null ? '' : ` ${deploymentId}`}\n`;
}
