// Indexes: built beside the writers or in their way; and the same for what writes a table again.

import type { IndexStmt, Node } from 'libpg-query';
import { hazards, noHazard, steps } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { namesOf } from './drop.ts';
import { isNewColumn, isNewObject, isNewTable } from './history.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { alterations, body, columnsIn, nameOf, print } from './tree.ts';

/** With a name, so that a build that failed can be found, and the index be dropped. */
const concurrently = (index: IndexStmt): string =>
  steps([
    'expand, @no-transaction',
    `${print({ IndexStmt: { ...index, idxname: index.idxname ?? indexName(index), concurrent: true } })};`,
  ]);

function indexName({ relation, indexParams }: IndexStmt): string {
  const columns = (indexParams ?? []).flatMap((each) => {
    const element = body(each, 'IndexElem');
    return element?.name ?? (columnsIn(element?.expr)[0] || 'expr');
  });
  return [relation?.relname, ...columns, 'idx'].join('_').slice(0, 63);
}

const createIndex: PostgresRule = {
  id: 'require-concurrent-index-creation',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const index = body(node, 'IndexStmt');
    const table = nameOf(index?.relation ?? {});
    if (index === undefined || index.concurrent === true || isNewTable(history, table)) return noHazard;
    return [{ message: `nobody can write to ${table} while the index is built`, safe: concurrently(index) }];
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
    const columns = (index.indexParams ?? []).flatMap((each) => {
      const element = body(each, 'IndexElem');
      return element?.name === undefined ? columnsIn(element?.expr) : [element.name];
    });
    // With one column that the old release leaves NULL, its rows never collide.
    if (columns.some((column) => isNewColumn(history, table, column))) return noHazard;
    return [
      {
        message: `duplicates in ${table} make it fail, and old writes that make them fail afterwards`,
        safe: concurrently(index).replace('-- expand,', '-- contract,'),
      },
    ];
  },
};

const dropIndex: PostgresRule = {
  id: 'require-concurrent-index-deletion',
  classes: ['locks'],
  allowedIn: [],
  check: ({ node }, { history }) => {
    const drop = body(node, 'DropStmt');
    if (drop?.removeType !== 'OBJECT_INDEX' || drop.concurrent === true) return noHazard;
    const old = namesOf(drop).filter((name) => !isNewTable(history, history.indexes.get(name)?.table ?? ''));
    if (old.length === 0) return noHazard;
    const singly = (drop.objects ?? []).map((object) =>
      print({ DropStmt: { ...drop, objects: [object], concurrent: true, behavior: 'DROP_RESTRICT' } }),
    );
    return [
      {
        message: `nobody can read the table while ${old.join(', ')} is dropped: the lock waits for every reader, and new ones wait behind it`,
        safe: steps(...singly.map((sql) => ['contract, @no-transaction', `${sql};`] as const)),
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
    const params: Node[] = [
      ...(found.params ?? []),
      { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } },
    ];
    return [
      {
        message:
          'nobody can write to the table while its index is built again, and readers that would use the index wait',
        safe: steps(['expand, @no-transaction', `${print({ ReindexStmt: { ...found, params } })};`]),
      },
    ];
  },
};

const hasOption = (options: readonly Node[] | undefined, name: string): boolean =>
  (options ?? []).some((each) => body(each, 'DefElem')?.defname === name);

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
    return [
      {
        message: `nobody can read ${name} while it is worked out again (CONCURRENTLY needs a unique index on it)`,
        safe: steps(['expand', `${print({ RefreshMatViewStmt: { ...view, concurrent: true } })};`]),
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
    body(node, 'VacuumStmt')?.is_vacuumcmd === true ||
    body(node, 'CreatedbStmt') !== undefined ||
    body(node, 'AlterSystemStmt') !== undefined
  );
}

const inTransaction: PostgresRule = {
  id: 'ban-concurrent-index-creation-in-transaction',
  classes: ['transaction'],
  allowedIn: [],
  check: (statement, { file }) => {
    if (!file.transaction || !isOutsideTransactions(statement)) return noHazard;
    return hazards({
      message:
        'the server refuses this inside a transaction: say -- @no-transaction at the head of the file, and leave it this one statement',
      safe: steps([`${file.stage === 'contract' ? 'contract' : 'expand'}, @no-transaction`, `${statement.text};`]),
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
