// What the old release still reads, and what cannot be restored.

import type { DropStmt, ObjectType } from 'libpg-query';
import { type Hazard, hazards, noHazard, type Section, steps } from '../../lint/rule.ts';
import { droppedBeforeKey, droppedFirst, inTurn } from './cascade.ts';
import { type History, isNewColumn, isNewObject, isNewTable } from './history.ts';
import { altered, anyOf, onAlter, type PostgresRule } from './postgres-rule.ts';
import { body, dotted, print, strings } from './tree.ts';

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
      // With CASCADE that rule has the form.
      safe:
        alteration.command.behavior === 'DROP_CASCADE'
          ? undefined
          : steps(['contract', altered(alteration, alteration.command)]),
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
      safe:
        drop.behavior === 'DROP_CASCADE' ? droppedByName(drop, names, history) : inContract(print({ DropStmt: drop })),
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
      safe: drop.behavior === 'DROP_CASCADE' ? undefined : inContract(print({ DropStmt: drop })),
    };
  }),
};

const cascadeMessage =
  'CASCADE reaches what this file does not name: views, foreign keys, functions of the old release';

const unseen =
  '; no safe form is written here, since these migrations do not show what hangs on it: say RESTRICT, and the server names that';

const dropCascade: PostgresRule = {
  id: 'ban-drop-cascade',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: [],
  check: anyOf(
    onDrop((drop, names, history) => {
      if (drop.behavior !== 'DROP_CASCADE') return undefined;
      const safe = droppedByName(drop, names, history);
      return {
        message: `${cascadeMessage} (${list(names)}): drop them by name${safe === undefined ? unseen : ''}`,
        safe,
      };
    }),
    onAlter(['AT_DropColumn', 'AT_DropConstraint'], (alteration, { history }) => {
      const { behavior, subtype, name = '' } = alteration.command;
      if (behavior !== 'DROP_CASCADE') return undefined;
      const first =
        subtype === 'AT_DropColumn'
          ? droppedFirst(history, alteration.table, name)
          : droppedBeforeKey(history, alteration.table, name);
      const last: Section = [
        'then contract',
        altered(alteration, { ...alteration.command, behavior: 'DROP_RESTRICT' }),
      ];
      return {
        message: `${cascadeMessage} (${alteration.table}): drop them by name${first === undefined ? unseen : ''}`,
        safe: first && steps(...inTurn([...first, last])),
      };
    }),
  ),
};

/** After all that depends on it; indexes one by one while services use the table. */
function droppedByName(drop: DropStmt, names: readonly string[], history: History): string | undefined {
  if (drop.removeType === 'OBJECT_INDEX') return dropsBeside(drop);
  const isTable = drop.removeType === 'OBJECT_TABLE';
  const first = isTable ? names.map((name) => droppedFirst(history, name)) : [undefined];
  if (first.some((each) => each === undefined)) return undefined;
  const last: Section = ['then contract', `${print({ DropStmt: { ...drop, behavior: 'DROP_RESTRICT' } })};`];
  return steps(...inTurn([...first.flatMap((each) => each ?? []), last]));
}

/** DROP INDEX CONCURRENTLY takes one index, and no CASCADE. */
export const dropsBeside = (drop: DropStmt): string =>
  steps(
    ...(drop.objects ?? []).map((object) => {
      const one: DropStmt = { ...drop, objects: [object], concurrent: true, behavior: 'DROP_RESTRICT' };
      return ['contract, @no-transaction', `${print({ DropStmt: one })};`] as const;
    }),
  );

export const dropRules: readonly PostgresRule[] = [dropColumn, dropTable, dropDatabase, dropObject, dropCascade];
