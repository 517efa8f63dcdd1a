// Rows of the audit log that the bot does not announce, and that must not hold up those that follow.

import type { Clock, Engine, Log } from '@bg/engine';

interface PassOver {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor'>;
  readonly clock: Clock;
  readonly consumer: string;
  /** Rows that are older are passed over. */
  readonly ageMs: number;
}

/**
 * A bot that starts on a log of years begins where its rows are young enough: each of the others would take a commit. Does
 * nothing once it has succeeded.
 */
export function createPassOver({ engine, clock, consumer, ageMs }: PassOver): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    const last = engine.audit.lastBefore(clock.now() - ageMs);
    if (engine.cursor(consumer) < last) engine.moveCursor(consumer, last);
    isOver = true;
  };
}

/** One that fails again and again. */
export function skipRow({ engine, log }: { readonly engine: Engine; readonly log: Log }, consumer: string): void {
  const [row] = engine.audit.after(engine.cursor(consumer), 1);
  if (row === undefined) return;
  log.error({ seq: row.seq, action: row.action }, 'an entry of the audit log is not announced');
  engine.moveCursor(consumer, row.seq);
}
