// A unique index is built while writers go on, and then becomes the constraint.

import type { Constraint, IndexStmt, Node } from 'libpg-query';
import type { Section } from '../../lint/rule.ts';
import { type History, isProvenNotNull, partitionsOf } from './history.ts';
import { constraintName } from './names.ts';
import { altered, notNullLater } from './postgres-rule.ts';
import { type Alteration, print, strings } from './tree.ts';

/** @param isProven earlier statements make the columns NOT NULL; undefined where the server has no such way */
export function uniqueLater(
  alteration: Alteration,
  constraint: Constraint,
  history: History,
  isProven = false,
): readonly Section[] | undefined {
  if (partitionsOf(history, alteration.table) !== undefined || constraint.without_overlaps === true) return undefined;
  const columns = strings(constraint.keys);
  const name = constraintName(alteration.table, constraint);
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY';
  // A primary key reads every row for NULL, under its lock, unless that is proven.
  const open =
    isPrimary && !isProven ? columns.filter((column) => !isProvenNotNull(history, alteration.table, column)) : [];
  const isTaken = history.indexes.has(name);
  const index = isTaken ? `${name.slice(0, 59)}_new` : name;
  return [
    ...open.flatMap((column) => notNullLater(alteration, column)),
    [
      open.length > 0 ? 'then contract, @no-transaction' : 'contract, @no-transaction',
      `${print({ IndexStmt: indexOf(alteration, constraint, index) })};`,
    ],
    [
      'then contract',
      altered(alteration, { subtype: 'AT_AddConstraint', def: { Constraint: overIndex(constraint, name, index) } }),
    ],
  ];
}

export const noUniqueOf = (alteration: Alteration, history: History): string =>
  partitionsOf(history, alteration.table) === undefined
    ? '; no safe form: the server makes a constraint WITHOUT OVERLAPS over no index that is there'
    : `; no safe form: ${alteration.table} is partitioned, and the server makes no constraint of a partitioned table over an index that is there: it needs a maintenance window`;

function indexOf({ relation }: Alteration, constraint: Constraint, idxname: string): IndexStmt {
  const elements = (names: readonly Node[] | undefined): Node[] =>
    strings(names).map((name) => ({
      IndexElem: { name, ordering: 'SORTBY_DEFAULT', nulls_ordering: 'SORTBY_NULLS_DEFAULT' },
    }));
  const including = elements(constraint.including);
  return {
    idxname,
    relation,
    accessMethod: 'btree',
    unique: true,
    concurrent: true,
    indexParams: elements(constraint.keys),
    ...(including.length > 0 && { indexIncludingParams: including }),
    ...(constraint.nulls_not_distinct === true && { nulls_not_distinct: true }),
    ...(constraint.options !== undefined && { options: constraint.options }),
    ...(constraint.indexspace !== undefined && { tableSpace: constraint.indexspace }),
  };
}

function overIndex(constraint: Constraint, conname: string, indexname: string): Constraint {
  const { contype, deferrable, initdeferred } = constraint;
  return {
    ...(contype !== undefined && { contype }),
    conname,
    indexname,
    ...(deferrable === true && { deferrable }),
    ...(initdeferred === true && { initdeferred }),
  };
}
