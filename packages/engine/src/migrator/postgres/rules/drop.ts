// What the old release still reads, and what cannot be brought back.

import type { DropStmt, ObjectType } from 'libpg-query';
import { type Hazard, hazards, noHazard, steps } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type History, isNewColumn, isNewObject, isNewTable } from './history.ts';
import { altered, anyOf, onAlter, type PostgresRule } from './postgres-rule.ts';
import { body, dotted, nameOf, print, quoted, strings } from './tree.ts';

/** Objects other than tables and indexes that a release names in its SQL. */
const used: Readonly<Partial<Record<ObjectType, string>>> = {
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'procedure',
  OBJECT_ROUTINE: 'routine',
  OBJECT_AGGREGATE: 'aggregate',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'domain',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_RULE: 'rule',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FOREIGN_TABLE: 'foreign table',
  OBJECT_OPERATOR: 'operator',
  OBJECT_COLLATION: 'collation',
};

const onDrop =
  (look: (drop: DropStmt, names: readonly string[], history: History) => Hazard | undefined): PostgresRule['check'] =>
  ({ node }, { history }) => {
    const drop = body(node, 'DropStmt');
    return drop === undefined ? noHazard : hazards(look(drop, namesOf(drop), history));
  };

export function namesOf({ objects, removeType }: DropStmt): readonly string[] {
  return (objects ?? []).map((object) => {
    const items = body(object, 'List')?.items;
    if (removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE')
      return `${strings(items).at(-1)} on ${dotted(items?.slice(0, -1))}`;
    if (items !== undefined) return dotted(items);
    const named = body(object, 'TypeName')?.names ?? body(object, 'ObjectWithArgs')?.objname;
    return named === undefined ? (body(object, 'String')?.sval ?? '') : dotted(named);
  });
}

const inContract = (statement: string): string => steps(['contract', `${statement};`]);
const list = (names: readonly string[]): string => names.join(', ');

const dropColumn: PostgresRule = {
  id: 'ban-drop-column',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter(['AT_DropColumn'], (alteration, { history }) => {
    const { name = '' } = alteration.command;
    if (isNewColumn(history, alteration.table, name)) return undefined;
    return {
      message: `the old release still reads and writes ${alteration.table}.${name}, and its values are gone for good`,
      safe: steps(['contract', altered(alteration, { ...alteration.command, behavior: 'DROP_RESTRICT' })]),
    };
  }),
};

const dropTable: PostgresRule = {
  id: 'ban-drop-table',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: onDrop((drop, names, history) => {
    const isTable = drop.removeType === 'OBJECT_TABLE' || drop.removeType === 'OBJECT_SCHEMA';
    const old = names.filter((name) => !isNewTable(history, name));
    if (!isTable || old.length === 0) return undefined;
    return {
      message: `the old release still uses ${list(old)}, and the rows are gone for good`,
      safe: inContract(print({ DropStmt: { ...drop, behavior: 'DROP_RESTRICT' } })),
    };
  }),
};

const dropDatabase: PostgresRule = {
  id: 'ban-drop-database',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: [],
  check: ({ node }) => {
    const drop = body(node, 'DropdbStmt');
    const owned = body(node, 'DropOwnedStmt');
    if (drop === undefined && owned === undefined) return noHazard;
    return [
      {
        message: `${drop === undefined ? 'everything that the role owns' : `the database ${drop.dbname}`} is gone for good; no migration needs that`,
        safe: undefined,
      },
    ];
  },
};

const dropObject: PostgresRule = {
  id: 'ban-drop-object',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: onDrop((drop, names, history) => {
    const word = used[drop.removeType ?? 'OBJECT_TABLE'];
    const old = names.filter((name) => !isNewObject(history, name));
    if (word === undefined || old.length === 0) return undefined;
    return {
      message: `statements of the old release that use the ${word} ${list(old)} fail`,
      safe: inContract(print({ DropStmt: { ...drop, behavior: 'DROP_RESTRICT' } })),
    };
  }),
};

const cascadeMessage =
  'CASCADE reaches what this file does not name: views, foreign keys, functions of the old release';

const dropCascade: PostgresRule = {
  id: 'ban-drop-cascade',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: [],
  check: anyOf(
    onDrop((drop, names) =>
      drop.behavior === 'DROP_CASCADE'
        ? {
            message: `${cascadeMessage} (${list(names)}): drop them by name`,
            safe: inContract(print({ DropStmt: { ...drop, behavior: 'DROP_RESTRICT' } })),
          }
        : undefined,
    ),
    onAlter(['AT_DropColumn', 'AT_DropConstraint'], (alteration) =>
      alteration.command.behavior === 'DROP_CASCADE'
        ? {
            message: `${cascadeMessage} (${alteration.table}): drop them by name`,
            safe: steps(['contract', altered(alteration, { ...alteration.command, behavior: 'DROP_RESTRICT' })]),
          }
        : undefined,
    ),
  ),
};

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
    const deletes = old.map(
      (name) =>
        `-- @table ${name}\n-- @key id\nDELETE FROM ${name.split('.').map(quoted).join('.')} WHERE id BETWEEN :from AND :to;`,
    );
    return [
      {
        message: `every row of ${list(old)} is gone for good, under both releases`,
        safe: old.length === 1 ? steps(['backfill', ...deletes]) : undefined,
      },
    ];
  },
};

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
  check: onAlter(['AT_DetachPartition'], (alteration) => {
    const partition = body(alteration.command.def, 'PartitionCmd');
    if (partition?.concurrent === true) return undefined;
    const concurrent = { PartitionCmd: { ...partition, concurrent: true } };
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

export const dropRules: readonly PostgresRule[] = [
  dropColumn,
  dropTable,
  dropDatabase,
  dropObject,
  dropCascade,
  truncate,
  truncateCascade,
  detach,
  attach,
];
