// Indexes: built while writers go on, or in their way; and the same for statements that rewrite a table.

import type { IndexStmt, Node, ReindexStmt } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { dropsBeside, namesOf } from './drop.ts';
import { columnOf, type History, isNewObject, isNewTable, isUnwrittenColumn, partitionsOf } from './history.ts';
import { indexName } from './names.ts';
import { isNull } from './nulls.ts';
import { partitionedIndex } from './partitioned-index.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { alterations, body, isCatalog, nameOf, print } from './tree.ts';

/** With a name, so that a build that failed can be found, and the index be dropped. A unique one waits for the contract. */
function besideWriters(index: IndexStmt, history: History): string {
  const table = nameOf(index.relation ?? {});
  const stage = index.unique === true && !isNullInOldRows(index, table, history) ? 'contract' : 'expand';
  if (partitionsOf(history, table) !== undefined) return steps(...partitionedIndex(index, history, stage));
  const named: IndexStmt = { ...index, idxname: index.idxname ?? indexName(index), concurrent: true };
  return steps([`${stage}, @no-transaction`, `${print({ IndexStmt: named })};`]);
}

/** The empty index of a partitioned table; for another table, no author writes ONLY. */
const isOnly = ({ relation }: IndexStmt, history: History): boolean => {
  const known = history.tables.get(nameOf(relation ?? {}));
  return relation?.inh !== true && (known?.origin === undefined || known.partitions !== undefined);
};

const createIndex: PostgresRule = {
  id: 'require-concurrent-index-creation',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const index = body(node, 'IndexStmt');
    const table = nameOf(index?.relation ?? {});
    if (index === undefined || isNewTable(history, table) || isOnly(index, history)) return noHazard;
    const isDivided = partitionsOf(history, table) !== undefined;
    if (index.concurrent === true && !isDivided) return noHazard;
    return [
      {
        message: isDivided
          ? `nobody can write to ${table} while the index is built, and the server refuses CONCURRENTLY for a partitioned table: each partition gets its own, also those that these migrations do not show`
          : `nobody can write to ${table} while the index is built`,
        safe: besideWriters(index, history),
      },
    ];
  },
};

const uniqueIndex: PostgresRule = {
  id: 'adding-unique-index',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: ({ node }, { history }) => {
    const index = body(node, 'IndexStmt');
    const table = nameOf(index?.relation ?? {});
    if (index?.unique !== true || isNewTable(history, table)) return noHazard;
    if (isNullInOldRows(index, table, history)) return noHazard;
    return [
      {
        message: `duplicates in ${table} make it fail, and old writes that make them fail afterwards`,
        safe: besideWriters(index, history),
      },
    ];
  },
};

/** With one column that is NULL in all rows, and in those that the old release writes, they never collide. */
function isNullInOldRows({ indexParams, nulls_not_distinct: areEqual }: IndexStmt, table: string, history: History) {
  const isNullColumn = (name: string): boolean =>
    isUnwrittenColumn(history, table, name) && columnOf(history, table, name)?.hasDefault !== true;
  return (
    areEqual !== true &&
    (indexParams ?? []).some((each) => {
      const { name, expr } = body(each, 'IndexElem') ?? {};
      return name === undefined ? isNull(expr, (column) => !isNullColumn(column)) : isNullColumn(name);
    })
  );
}

const dropIndex: PostgresRule = {
  id: 'require-concurrent-index-deletion',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const drop = body(node, 'DropStmt');
    if (drop?.removeType !== 'OBJECT_INDEX' || drop.concurrent === true) return noHazard;
    const old = namesOf(drop).filter((name) => !isNewTable(history, history.indexes.get(name)?.table ?? ''));
    if (old.length === 0) return noHazard;
    const divided = old.filter((name) => partitionsOf(history, history.indexes.get(name)?.table ?? '') !== undefined);
    return [
      {
        message: `nobody can read the table while ${old.join(', ')} is dropped: the lock waits for every reader, and new ones wait behind it${divided.length === 0 ? '' : '; no safe form: the server drops no index of a partitioned table CONCURRENTLY'}`,
        safe: divided.length === 0 ? dropsBeside(drop) : undefined,
      },
    ];
  },
};

const reindex: PostgresRule = {
  id: 'require-concurrent-reindex',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }) => {
    const found = body(node, 'ReindexStmt');
    if (found === undefined || hasOption(found.params, 'concurrently')) return noHazard;
    if (found.kind === 'REINDEX_OBJECT_SYSTEM' || isCatalog(nameOf(found.relation ?? {})))
      return [
        {
          message:
            'every statement of both releases waits while the indexes of the system catalogs are built again; the server has no concurrent form of this: it needs a maintenance window',
          safe: undefined,
        },
      ];
    return [
      {
        message:
          'nobody can write to the table while its index is built again, and readers that would use the index wait',
        safe: steps(['expand, @no-transaction', reindexBeside(found)]),
      },
    ];
  },
};

function reindexBeside(statement: ReindexStmt): string {
  const params: Node[] = [
    ...(statement.params ?? []).filter((each) => body(each, 'DefElem')?.defname !== 'concurrently'),
    { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } },
  ];
  return `${print({ ReindexStmt: { ...statement, params } })};`;
}

/** Switched on: `FULL` and `FULL TRUE`, not `FULL FALSE`. */
const hasOption = (options: readonly Node[] | undefined, name: string): boolean =>
  (options ?? []).some((each) => {
    const { defname, arg } = body(each, 'DefElem') ?? {};
    return defname === name && !isOff(arg);
  });

function isOff(arg: Node | undefined): boolean {
  const word =
    body(arg, 'String')?.sval ??
    (body(arg, 'Boolean') === undefined ? undefined : String(body(arg, 'Boolean')?.boolval === true));
  const number = body(arg, 'Integer');
  return number === undefined ? /^(?:false|off|no|0)$/i.test(word ?? '') : (number.ival ?? 0) === 0;
}

const repack: PostgresRule = {
  id: 'prefer-repack',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }) => {
    const isFull = hasOption(body(node, 'VacuumStmt')?.options, 'full');
    if (!isFull && body(node, 'ClusterStmt') === undefined) return noHazard;
    return [
      {
        message:
          'nobody can read the table while it is written again from end to end: pg_repack does it beside readers and writers',
        safe: undefined,
      },
    ];
  },
};

const refresh: PostgresRule = {
  id: 'require-concurrent-refresh',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const view = body(node, 'RefreshMatViewStmt');
    const name = nameOf(view?.relation ?? {});
    if (view === undefined || view.concurrent === true || isNewObject(history, name)) return noHazard;
    if (view.skipData === true)
      return [{ message: `readers of ${name} get an error until it is filled again`, safe: undefined }];
    const isKnown = history.objects.has(name);
    const isUnique = [...history.indexes.values()].some(
      ({ table, isUnique: isOne, node: index }) => isOne && table === name && index?.whereClause === undefined,
    );
    const beside = `${print({ RefreshMatViewStmt: { ...view, concurrent: true } })};`;
    return [
      {
        message: `nobody can read ${name} while it is worked out again (CONCURRENTLY needs a unique index on it)${isKnown && !isUnique ? `; no safe form: ${name} has no unique index` : ''}`,
        safe: isKnown && !isUnique ? undefined : steps(['expand', beside]),
      },
    ];
  },
};

/** What the server refuses inside a transaction. */
export function isOutsideTransactions(statement: PostgresStatement): boolean {
  const { node } = statement;
  const detaches = alterations(statement).some(({ command }) => body(command.def, 'PartitionCmd')?.concurrent === true);
  return (
    detaches ||
    body(node, 'IndexStmt')?.concurrent === true ||
    body(node, 'DropStmt')?.concurrent === true ||
    hasOption(body(node, 'ReindexStmt')?.params, 'concurrently') ||
    /SCHEMA|SYSTEM|DATABASE/.test(body(node, 'ReindexStmt')?.kind ?? '') ||
    body(node, 'VacuumStmt')?.is_vacuumcmd === true ||
    body(node, 'CreatedbStmt') !== undefined ||
    body(node, 'AlterSystemStmt') !== undefined
  );
}

const inTransaction: PostgresRule = {
  id: 'ban-concurrent-index-creation-in-transaction',
  classes: ['transaction'],
  allowedIn: [],
  check: (statement, { file, history }) => {
    if (!file.transaction || !isOutsideTransactions(statement)) return noHazard;
    const index = body(statement.node, 'IndexStmt');
    const reindexed = body(statement.node, 'ReindexStmt');
    const stage = file.stage === 'contract' ? 'contract' : 'expand';
    const alone = reindexed === undefined ? `${statement.text};` : reindexBeside(reindexed);
    return hazards({
      message:
        'the server refuses this inside a transaction: say -- @no-transaction at the head of the file, and leave it this one statement',
      safe:
        reindexed?.kind === 'REINDEX_OBJECT_SYSTEM'
          ? undefined
          : index !== undefined
            ? besideWriters(index, history)
            : steps([`${stage}, @no-transaction`, alone]),
    });
  },
};

export const indexRules: readonly PostgresRule[] = [
  createIndex,
  uniqueIndex,
  dropIndex,
  reindex,
  repack,
  refresh,
  inTransaction,
];
