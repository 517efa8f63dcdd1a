// Removes what a tool that was cut off left. First it ends the statements of the tool on the server: a swap that still
// waits for its lock would otherwise come after the check that decides.

import { type Clock, pause } from '../../../lib/clock.ts';
import { MigrationError } from '../../error.ts';
import { untilFree } from '../../retry.ts';
import { isLockError } from '../errors.ts';
import { whoHolds } from '../holders.ts';
import type { Session } from '../session.ts';
import { type Before, remainsOf, suffixes } from './remains.ts';

export interface Cleaning {
  readonly session: Session;
  readonly clock: Clock;
  readonly table: string;
  readonly before: Before;
}

export type Cleaned =
  /** The change has not happened, and nothing is left of the attempt. */
  | { readonly kind: 'undone'; readonly removed: readonly string[] }
  /** The tables were swapped; the old one may still be there. */
  | { readonly kind: 'swapped'; readonly removed: readonly string[]; readonly left: readonly string[] };

const endMs = 30_000;
const pollMs = 200;
/** After the run was stopped as well: what stays behind slows every write. */
const lockLimits = { lockTimeoutMs: 1_000, lockTries: 60, lockTotalMs: 60_000, statementTimeoutMs: 60_000 };

/** @throws MigrationError `failed` where a person must decide, naming what is left; the server's own error */
export async function cleanUp(cleaning: Cleaning): Promise<Cleaned> {
  const { session, table, before } = cleaning;
  await endStatements(cleaning);
  // Triggers first: while one exists and its table does not, every write of the services fails.
  const { triggers } = await remainsOf(session, table, before);
  for (const trigger of triggers) await drop(cleaning, `DROP TRIGGER IF EXISTS \`${trigger}\``);
  const { table: state, ghosts, replaced } = await remainsOf(session, table, before);
  if (state === 'gone') throw gone(table, [...ghosts, ...replaced]);
  if (state === 'as before' && replaced.length > 0) throw odd(table, replaced);
  for (const ghost of ghosts) await drop(cleaning, `DROP TABLE IF EXISTS \`${ghost}\``);
  const removed = [...triggers.map((name) => `trigger ${name}`), ...ghosts.map((name) => `table ${name}`)];
  return state === 'as before' ? { kind: 'undone', removed } : { kind: 'swapped', removed, left: replaced };
}

const drop = (cleaning: Cleaning, sql: string): Promise<void> =>
  untilFree(
    { clock: cleaning.clock, limits: lockLimits, signal: new AbortController().signal },
    {
      isLocked: isLockError,
      whoHolds: () => whoHolds(cleaning.session, new Set([cleaning.table.toLowerCase()])),
    },
    async () => {
      await cleaning.session.ask(sql);
    },
  );

/** Those that name a half-filled copy: only the tool uses it, since its triggers are in no list of statements. */
async function endStatements({ session, clock, table }: Cleaning): Promise<void> {
  const names = suffixes.map((suffix) => `%\\_${table.replaceAll('_', '\\_')}\\_${suffix}%`);
  const named = names.map(() => 'INFO LIKE ?').join(' OR ');
  const end = clock.monotonic() + endMs;
  for (;;) {
    const rows = await session.ask(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND (${named})`,
      names,
    );
    if (rows.length === 0) return;
    if (clock.monotonic() > end)
      throw new MigrationError('blocked', `a statement of the tool on ${table} does not end on the server`, {
        hint: `Look at \`bg migrate activity\`, end connection ${rows.map(({ id }) => id).join(', ')}, and run again.`,
      });
    for (const { id } of rows) await session.ask(`KILL ${Number(id)}`).catch(() => undefined); // it has just ended
    await pause(clock, pollMs);
  }
}

const gone = (table: string, left: readonly string[]) =>
  new MigrationError(
    'failed',
    `the table ${table} is gone: the tool was cut off between two renames; what is left: ${left.join(', ') || 'nothing'}`,
    {
      hint: `Give the table its name back at once, for example RENAME TABLE \`${left[0] ?? '…'}\` TO \`${table}\`; then \`bg migrate repair\`.`,
    },
  );

const odd = (table: string, replaced: readonly string[]) =>
  new MigrationError('failed', `${table} looks as before, and yet ${replaced.join(', ')} appeared next to it`, {
    hint: 'Look at both tables, drop the one that nothing uses, then `bg migrate repair`.',
  });
