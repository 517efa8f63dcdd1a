// A partition that is detached while the service runs: in two server transactions, and it can be cut off in between.

import type { RangeVar } from 'libpg-query';
import { relationSql } from './rules/tree.ts';
import type { Alone } from './run.ts';

export async function detachPartition(
  { hands, statement, execute }: Alone,
  parent: RangeVar,
  child: RangeVar,
): Promise<void> {
  const [whole, part] = [relationSql(parent), relationSql(child)];
  const [row] = await hands.session.ask(
    'SELECT inhdetachpending AS half FROM pg_inherits WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)',
    [whole, part],
  );
  if (row?.half === true) return await execute(`ALTER TABLE ${whole} DETACH PARTITION ${part} FINALIZE`);
  const [there] = await hands.session.ask('SELECT to_regclass($1) IS NOT NULL AS there', [part]);
  // Its own table already: the run before this one was cut off right after it.
  if (row === undefined && there?.there === true) return;
  await execute(statement.text);
}
