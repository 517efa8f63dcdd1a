// Rows that go all at once: a table that is emptied, and partitions that come and go with theirs.

import { noHazard, steps } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type History, isNewTable, keyOf, partitionsOf } from './history.ts';
import { altered, onAlter, type PostgresRule } from './postgres-rule.ts';
import { body, nameOf, quoted } from './tree.ts';

function truncated({ node }: PostgresStatement, history: History): readonly string[] {
  const relations = body(node, 'TruncateStmt')?.relations ?? [];
  return relations.map((each) => nameOf(body(each, 'RangeVar') ?? {})).filter((name) => !isNewTable(history, name));
}

const truncate: PostgresRule = {
  id: 'ban-truncate',
  classes: ['loses-data', 'breaks-old', 'locks'],
  allowedIn: [],
  check: (statement, { history }) => {
    const old = truncated(statement, history);
    if (old.length === 0) return noHazard;
    const restarts = body(statement.node, 'TruncateStmt')?.restart_seqs === true;
    const key = keyOf(history, old[0] ?? '');
    const isWalkable = old.length === 1 && !restarts && key !== undefined;
    return [
      {
        message: `every row of ${old.join(', ')} is gone for good, under both releases${isWalkable ? '' : `; no safe form: ${whyNot(old, restarts)}`}`,
        safe: isWalkable ? steps(['backfill', ...deletesOf(old[0] ?? '', key)]) : undefined,
      },
    ];
  },
};

const whyNot = (old: readonly string[], restarts: boolean): string =>
  old.length > 1
    ? 'a backfill empties one table, so empty each by its own'
    : restarts
      ? 'batches of DELETE do not restart the numbers'
      : `${old[0]} has no key of one column that is never NULL to walk it by`;

function deletesOf(table: string, key: string): readonly string[] {
  const name = table.split('.').map(quoted).join('.');
  return [
    `-- @table ${name}`,
    `-- @key ${quoted(key)}`,
    `DELETE FROM ${name} WHERE ${quoted(key)} BETWEEN :from AND :to;`,
  ];
}

const truncateCascade: PostgresRule = {
  id: 'ban-truncate-cascade',
  classes: ['loses-data', 'breaks-old', 'locks'],
  allowedIn: [],
  check: (statement) => {
    const found = body(statement.node, 'TruncateStmt');
    if (found?.behavior !== 'DROP_CASCADE') return noHazard;
    return [
      {
        message: 'CASCADE empties every table with a foreign key to this one, whatever its name: name them',
        safe: undefined,
      },
    ];
  },
};

/** The child of a partitioned table, taken off while readers of the parent wait. */
const detach: PostgresRule = {
  id: 'require-concurrent-detach-partition',
  classes: ['locks', 'breaks-old'],
  allowedIn: [],
  check: onAlter(['AT_DetachPartition'], (alteration, { history }) => {
    const partition = body(alteration.command.def, 'PartitionCmd');
    if (partition?.concurrent === true) return undefined;
    const concurrent = { PartitionCmd: { ...partition, concurrent: true } };
    const hasDefault = partitionsOf(history, alteration.table)?.hasDefault === true;
    if (hasDefault)
      return {
        message: `nobody can read ${alteration.table} while the partition is taken off; no safe form: the server takes none off CONCURRENTLY while the table has a default partition`,
        safe: undefined,
      };
    return {
      message: `nobody can read ${alteration.table} while the partition is taken off`,
      safe: steps(['contract, @no-transaction', altered(alteration, { ...alteration.command, def: concurrent })]),
    };
  }),
};

const attach: PostgresRule = {
  id: 'attaching-partition',
  classes: ['locks', 'depends-on-data'],
  allowedIn: [],
  check: onAlter(['AT_AttachPartition'], (alteration, { history }) => {
    const child = nameOf(body(alteration.command.def, 'PartitionCmd')?.name ?? {});
    const checks = [...(history.tables.get(child)?.checks.values() ?? [])];
    if (isNewTable(history, child) || checks.some(({ isValid }) => isValid)) return undefined;
    return {
      message: `every row of ${child} is read while nobody can use it: add a CHECK of the partition’s bounds to it as NOT VALID, validate it, and attach it in a third migration`,
      safe: undefined,
    };
  }),
};

export const emptiedRules: readonly PostgresRule[] = [truncate, truncateCascade, detach, attach];
