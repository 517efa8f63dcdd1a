// What all rules of PostgreSQL are made of.

import type { AlterTableType, Constraint, Node } from 'libpg-query';
import { type Hazard, hazards, noHazard, type Rule, type Scene, type Section } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type History, isNewTable, keyOf } from './history.ts';
import { type Alteration, alterations, body, print, quoted, relationSql } from './tree.ts';

export type PostgresRule = Rule<PostgresStatement, History>;
export type PostgresScene = Scene<History>;
type Check = PostgresRule['check'];

/** Checks each command of an ALTER TABLE on a table that was there before. */
export function onAlter(
  subtypes: readonly AlterTableType[],
  look: (alteration: Alteration, scene: PostgresScene, statement: PostgresStatement) => Hazard | undefined,
): Check {
  return (statement, scene) => {
    if (!('AlterTableStmt' in statement.node)) return noHazard;
    const asked = alterations(statement).filter(({ command }) => subtypes.some((each) => each === command.subtype));
    if (asked.length === 0 || isNewTable(scene.history, asked[0]?.table ?? '')) return noHazard;
    return hazards(...asked.map((each) => look(each, scene, statement)));
  };
}

/** Checks each constraint added by name or place: `ALTER TABLE … ADD CONSTRAINT`. */
export function onAddConstraint(
  kind: NonNullable<Constraint['contype']>,
  look: (constraint: Constraint, alteration: Alteration, scene: PostgresScene) => Hazard | undefined,
): Check {
  return onAlter(['AT_AddConstraint'], (alteration, scene) => {
    const constraint = body(alteration.command.def, 'Constraint');
    return constraint?.contype === kind ? look(constraint, alteration, scene) : undefined;
  });
}

/** The same ALTER TABLE with one other command. RESTRICT is the default of the server, so it is left out. */
export function altered({ relation }: Alteration, command: NonNullable<Alteration['command']>): string {
  const { behavior, ...quiet } = command;
  const cmd = behavior === 'DROP_CASCADE' ? command : quiet;
  const statement: Node = { AlterTableStmt: { relation, cmds: [{ AlterTableCmd: cmd }], objtype: 'OBJECT_TABLE' } };
  return `${print(statement)};`;
}

/** Adds a constraint that checks new rows only, for now. */
export function addNotValid(alteration: Alteration, name: string, constraint: Constraint): string {
  const unchecked: Constraint = { ...constraint, conname: name, skip_validation: true, initially_valid: false };
  return altered(alteration, { subtype: 'AT_AddConstraint', def: { Constraint: unchecked } });
}

export const validate = (alteration: Alteration, name: string): string =>
  altered(alteration, { subtype: 'AT_ValidateConstraint', name });

/** Fills a column batch by batch; undefined where the table has no key to go by. */
export function backfillOf(
  { relation, table }: Pick<Alteration, 'relation' | 'table'>,
  history: History,
  { column, value, only }: { readonly column: string; readonly value: string; readonly only: string },
): string | undefined {
  const key = keyOf(history, table, column);
  if (key === undefined) return undefined;
  return [
    `-- @table ${relationSql(relation)}`,
    `-- @key ${quoted(key)}`,
    `UPDATE ${relationSql(relation)} SET ${quoted(column)} = ${value} WHERE ${quoted(key)} BETWEEN :from AND :to AND ${only};`,
  ].join('\n');
}

/** One rule for several kinds of statements. */
export const anyOf =
  (...checks: readonly Check[]): Check =>
  (statement, scene) => {
    const found = checks.flatMap((check) => check(statement, scene));
    return found.length === 0 ? noHazard : found;
  };

/** SET NOT NULL the way that scans without blocking: check, validate, set, drop the check. */
export function notNullLater(alteration: Alteration, column: string): readonly Section[] {
  const check = notNullName(alteration, column);
  return [
    ['contract', addNotNullCheck(alteration, column)],
    ['then contract', ...setProvenNotNull(alteration, column, check)],
  ];
}

export function addNotNullCheck(alteration: Alteration, column: string): string {
  const test: Node = {
    NullTest: { arg: { ColumnRef: { fields: [{ String: { sval: column } }] } }, nulltesttype: 'IS_NOT_NULL' },
  };
  const check: Constraint = { contype: 'CONSTR_CHECK', is_enforced: true, raw_expr: test };
  return addNotValid(alteration, notNullName(alteration, column), check);
}

/** Not `…_not_null`: PostgreSQL 18 gives that name to NOT NULL itself. */
export const notNullName = ({ table }: Alteration, column: string): string =>
  `${bareName(table)}_${column}_filled`.slice(0, 63);

export function setProvenNotNull(alteration: Alteration, column: string, check: string): readonly string[] {
  return [
    validate(alteration, check),
    altered(alteration, { subtype: 'AT_SetNotNull', name: column }),
    altered(alteration, { subtype: 'AT_DropConstraint', name: check }),
  ];
}

/** Without its schema. */
export const bareName = (table: string): string => table.split('.').at(-1) ?? table;
