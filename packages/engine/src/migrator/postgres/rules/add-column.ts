// ADD COLUMN: what the old release must fill, and what makes the server write every row again.

import type { Added } from './added.ts';
import { find, onAddColumn } from './added.ts';
import type { PostgresRule } from './postgres-rule.ts';
import { baseType, print } from './tree.ts';
import { volatileIn } from './volatile.ts';
import { isSerial, noWholeColumn, wholeColumn } from './whole-column.ts';

const isFilledByServer = (added: Added): boolean =>
  isSerial(added) ||
  (['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'] as const).some((kind) => find(added, kind) !== undefined);

const requiredField: PostgresRule = {
  id: 'adding-required-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) => {
    if (isFilledByServer(added) || find(added, 'CONSTR_NOTNULL') === undefined) return undefined;
    const { alteration, name } = added;
    return {
      message: `the old release does not fill ${alteration.table}.${name}, so its INSERTs fail; and the server refuses the column when the table has rows: let a backfill fill them before the contract${noWholeColumn(added)}`,
      safe: wholeColumn(added),
    };
  }),
};

const volatileDefault: PostgresRule = {
  id: 'adding-field-with-default',
  classes: ['locks'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const expression = find(added, 'CONSTR_DEFAULT')?.raw_expr;
    const culprit = expression === undefined ? undefined : volatileIn(expression);
    if (expression === undefined || culprit === undefined) return undefined;
    const { alteration, name } = added;
    return {
      message: `the default ${print(expression)} of ${alteration.table}.${name} is worked out row by row (${culprit}): the whole table is written again while nobody can read it${noWholeColumn(added)}`,
      safe: wholeColumn(added),
    };
  }),
};

const identityField: PostgresRule = {
  id: 'adding-identity-field',
  classes: ['locks'],
  allowedIn: [],
  check: onAddColumn((added) => {
    if (!isSerial(added) && find(added, 'CONSTR_IDENTITY') === undefined) return undefined;
    const { alteration, name } = added;
    return {
      message: `numbering the rows of ${alteration.table} for ${name} writes the whole table again while nobody can read it${noWholeColumn(added)}`,
      safe: wholeColumn(added),
    };
  }),
};

const storedField: PostgresRule = {
  id: 'adding-stored-generated-field',
  classes: ['locks'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const generated = find(added, 'CONSTR_GENERATED');
    if (generated === undefined || generated.generated_kind === 'v') return undefined;
    const { alteration, name } = added;
    return {
      message: `${alteration.table}.${name} is worked out for every row: the whole table is written again while nobody can read it (PostgreSQL 18: VIRTUAL writes nothing)${noWholeColumn(added)}`,
      safe: wholeColumn(added),
    };
  }),
};

const domainField: PostgresRule = {
  id: 'adding-domain-field',
  classes: ['locks'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const { alteration, history, column } = added;
    const domain = baseType(column.typeName);
    if (history.domains.get(domain) === undefined) return undefined;
    return {
      message: `the constraint of the domain ${domain} is checked for every row of ${alteration.table}: the whole table is written again while nobody can read it`,
      safe: wholeColumn(added),
    };
  }),
};

const jsonField: PostgresRule = {
  id: 'adding-json-field',
  classes: ['breaks-old'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const { alteration, name, column } = added;
    if (baseType(column.typeName) !== 'json') return undefined;
    return {
      message: `json has no equality, so SELECT DISTINCT and GROUP BY of ${alteration.table} fail once ${name} is there`,
      safe: wholeColumn(added),
    };
  }),
};

export const addColumnRules: readonly PostgresRule[] = [
  requiredField,
  volatileDefault,
  identityField,
  storedField,
  domainField,
  jsonField,
];
