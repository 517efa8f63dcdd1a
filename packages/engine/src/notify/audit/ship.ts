// Rows of the audit log to one destination, in order, by a cursor that moves only when the destination has them: each
// row is sent at least once, also when the process is killed. Only one batch is in memory; the log is the queue.

import type { Engine } from '../../api/engine.ts';
import type { AuditRow } from '../../domain/audit-events.ts';
import { backoffMs } from '../../lib/backoff.ts';
import { type Clock, pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { patiently } from '../../state/patience.ts';
import { readShipped, shipConsumer, writeTrouble } from '../../state/shipped.ts';
import type { Store } from '../../state/store.ts';
import { oneLine } from '../text.ts';
import { jsonOf } from './lines.ts';
import type { Sender } from './senders.ts';

export interface ShipParts {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor' | 'changed'>;
  readonly store: Pick<Store, 'db' | 'note' | 'whenWritable'>;
  readonly clock: Clock;
  readonly log: Log;
}

const mostRows = 200;
const mostBytes = 512 * 1024;
const idleMs = 1_000;
const retry = { firstMs: 1_000, maxMs: 60_000 };
const tooLarge = 413;

/** Until `signal` aborts. */
export async function ship(parts: ShipParts, sender: Sender, signal: AbortSignal): Promise<void> {
  const { engine, clock } = parts;
  const consumer = shipConsumer(sender.name);
  let failures = 0;
  let limit = mostRows;
  while (!signal.aborted) {
    const rows = withinBytes(engine.audit.after(engine.cursor(consumer), limit));
    const last = rows.at(-1);
    if (last === undefined) {
      await engine.changed(idleMs, signal);
      continue;
    }
    const thrown = await problemOf(sender, limit === 1 ? rows.map(withoutDetail) : rows, signal);
    if (signal.aborted) return;
    if (thrown === undefined) {
      const written = () => {
        engine.moveCursor(consumer, last.seq);
        settle(parts, sender, undefined);
      };
      await patiently(parts.store.whenWritable, written, signal);
      failures = 0;
      limit = mostRows;
      continue;
    }
    settle(parts, sender, messageOf(thrown));
    limit = statusOf(thrown) === tooLarge ? Math.max(1, Math.floor(rows.length / 2)) : mostRows;
    failures += 1;
    await pause(clock, backoffMs(retry, failures - 1), signal);
  }
}

async function problemOf(sender: Sender, rows: readonly AuditRow[], signal: AbortSignal): Promise<unknown> {
  try {
    await sender.send(rows, signal);
    return undefined;
  } catch (thrown) {
    return thrown ?? 'nothing was thrown';
  }
}

/** At least one row. */
function withinBytes(rows: readonly AuditRow[]): readonly AuditRow[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += Buffer.byteLength(jsonOf(row));
    return bytes > mostBytes && index > 0;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** For a collector that takes not even one row: its hash still proves what is left out. */
const withoutDetail = (row: AuditRow): AuditRow => ({ ...row, detail: { cut: true } });

const statusOf = (thrown: unknown): unknown => (thrown as { details?: { status?: unknown } }).details?.status;

/** Written and logged when it begins, changes and ends, and not with every try. */
function settle({ store, log }: ShipParts, { name, place }: Sender, problem: string | undefined): void {
  const text = problem && oneLine(problem, 300);
  if (readShipped(store.db, name).problem === text) return;
  store.note((db, now) => writeTrouble(db, name, text, now));
  if (text === undefined) log.info({ destination: name, place }, 'the audit log is shipped again');
  else log.error({ destination: name, place, problem: text }, 'the audit log cannot be shipped, tries again');
}
