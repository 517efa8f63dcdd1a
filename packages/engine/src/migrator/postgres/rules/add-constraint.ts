// ADD CONSTRAINT: a scan under lock, and old writes that a new constraint turns away.

import type { Constraint } from 'libpg-query';
import { type Hazard, isNew, type Section, steps } from '../../lint/rule.ts';
import { find, onAddColumn } from './added.ts';
import { isNewTable, isProvenNotNull, isUnwrittenColumn, partitionsOf } from './history.ts';
import { constraintName } from './names.ts';
import { takesOmitted } from './nulls.ts';
import {
  addNotValid,
  altered,
  anyOf,
  notNullLater,
  onAddConstraint,
  onAlter,
  type PostgresRule,
  type PostgresScene,
  validate,
} from './postgres-rule.ts';
import { type Alteration, columnsIn, nameOf, strings } from './tree.ts';
import { noUniqueOf, uniqueLater } from './unique-later.ts';
import { noWholeColumn, wholeColumn } from './whole-column.ts';

const isUnchecked = ({ skip_validation: skips, is_enforced: isEnforced }: Constraint): boolean =>
  skips === true || isEnforced === undefined;

/** Added without reading the rows, and validated by a separate migration. */
const inTwoSteps = (alteration: Alteration, constraint: Constraint, name: string): string =>
  steps(['contract', addNotValid(alteration, name, constraint)], ['then contract', validate(alteration, name)]);

const missingNotValid: PostgresRule = {
  id: 'constraint-missing-not-valid',
  classes: ['locks', 'depends-on-data'],
  allowedIn: [],
  check: anyOf(
    onAddConstraint('CONSTR_CHECK', (constraint, alteration) => {
      if (isUnchecked(constraint)) return undefined;
      const name = constraintName(alteration.table, constraint);
      return {
        message: `every row of ${alteration.table} is read for ${name} while nobody can read the table`,
        safe: inTwoSteps(alteration, constraint, name),
      };
    }),
    onAddConstraint('CONSTR_NOTNULL', (constraint, alteration) => {
      if (constraint.skip_validation === true) return undefined;
      const name = constraintName(alteration.table, constraint);
      return {
        message: `every row of ${alteration.table} is read for ${name} while nobody can read the table`,
        safe: inTwoSteps(alteration, constraint, name),
      };
    }),
    onAddColumn((added) => {
      const [check, { alteration, name }] = [find(added, 'CONSTR_CHECK'), added];
      if (check === undefined) return undefined;
      return {
        message: `every row of ${alteration.table} is read for the check of ${name} while nobody can read the table${noWholeColumn(added)}`,
        safe: wholeColumn(added),
      };
    }),
  ),
};

const divided =
  'up to PostgreSQL 17 a partitioned table takes no foreign key as NOT VALID: give it to each partition as NOT VALID, validate it there, and then to the table, which takes those over';

const foreignKey: PostgresRule = {
  id: 'adding-foreign-key-constraint',
  classes: ['locks', 'depends-on-data'],
  allowedIn: [],
  check: anyOf(
    onAddConstraint('CONSTR_FOREIGN', (constraint, alteration, { history }) => {
      if (isUnchecked(constraint)) return undefined;
      const isDivided = partitionsOf(history, alteration.table) !== undefined;
      const name = constraintName(alteration.table, constraint);
      return {
        message: `writers of ${alteration.table} and ${nameOf(constraint.pktable ?? {})} wait until every row has been looked up${isDivided ? `; no safe form: ${divided}` : ''}`,
        safe: isDivided ? undefined : inTwoSteps(alteration, constraint, name),
      };
    }),
    onAddColumn((added) => {
      const [key, { alteration }] = [find(added, 'CONSTR_FOREIGN'), added];
      if (key === undefined) return undefined;
      return {
        message: `${alteration.table} is locked against readers too, while it waits for the lock on ${nameOf(key.pktable ?? {})}${noWholeColumn(added)}`,
        safe: wholeColumn(added),
      };
    }),
  ),
};

const constrainingOldWrites: PostgresRule = {
  id: 'constraining-old-writes',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: onAlter(['AT_AddConstraint'], (alteration, { history }) => {
    const constraint = constraintIn(alteration);
    const columns =
      constraint === undefined
        ? []
        : [...strings(constraint.fk_attrs), ...strings(constraint.keys), ...columnsIn(constraint.raw_expr)];
    const kinds = ['CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_NOTNULL'];
    if (constraint === undefined || !kinds.includes(constraint.contype ?? '')) return undefined;
    if (isNewTable(history, alteration.table)) return undefined;
    const areNew = columns.length > 0 && columns.every((each) => isUnwrittenColumn(history, alteration.table, each));
    if (areNew && takesOmitted(constraint, alteration.table, history)) return undefined;
    const name = constraintName(alteration.table, constraint);
    const isDivided = constraint.contype === 'CONSTR_FOREIGN' && partitionsOf(history, alteration.table) !== undefined;
    const safe =
      constraint.skip_validation === true
        ? steps(['contract', addNotValid(alteration, name, constraint)])
        : inTwoSteps(alteration, constraint, name);
    return {
      message: `the old release may write rows that ${name} refuses, even while it is NOT VALID: its users would see errors${isDivided ? `; no safe form: ${divided}` : ''}`,
      safe: isDivided ? undefined : safe,
    };
  }),
};

const constraintIn = ({ command }: Alteration): Constraint | undefined =>
  command.def !== undefined && 'Constraint' in command.def ? command.def.Constraint : undefined;

const uniqueHazard = (kind: 'CONSTR_UNIQUE' | 'CONSTR_PRIMARY', word: string): PostgresRule['check'] =>
  anyOf(
    onAddConstraint(kind, (constraint, alteration, scene) => {
      if (constraint.indexname !== undefined) return primaryOverNulls(constraint, alteration, scene);
      const later = uniqueLater(alteration, constraint, scene.history);
      return {
        message: `nobody can read ${alteration.table} while the index of its ${word} is built; duplicates make it fail, and old writes that make them fail afterwards${later === undefined ? noUniqueOf(alteration, scene.history) : ''}`,
        safe: later && steps(...later),
      };
    }),
    onAddColumn((added) => {
      const [constraint, { alteration, name }] = [find(added, kind), added];
      if (constraint === undefined) return undefined;
      return {
        message: `nobody can read ${alteration.table} while the index of ${name}’s ${word} is built${noWholeColumn(added)}`,
        safe: wholeColumn(added),
      };
    }),
  );

/** PRIMARY KEY USING INDEX sets its columns NOT NULL, which reads all rows unless that is proven. */
function primaryOverNulls(
  constraint: Constraint,
  alteration: Alteration,
  { history, stage }: PostgresScene,
): Hazard | undefined {
  const columns = history.indexes.get(constraint.indexname ?? '')?.columns ?? [];
  const open = columns.filter((column) => !isProvenNotNull(history, alteration.table, column));
  const isProven = columns.length > 0 && open.length === 0;
  if (constraint.contype !== 'CONSTR_PRIMARY' || isProven) return undefined;
  const last: Section = [
    'then contract',
    altered(alteration, { subtype: 'AT_AddConstraint', def: { Constraint: constraint } }),
  ];
  return {
    message:
      stage === 'expand'
        ? `a primary key makes its columns NOT NULL: the old release may write NULL into ${alteration.table}, and every row is read`
        : `every row of ${alteration.table} is read for NULL while nobody can read the table, unless the columns are NOT NULL`,
    safe: open.length === 0 ? undefined : steps(...open.flatMap((column) => notNullLater(alteration, column)), last),
    // Which columns the index has, and whether they are NOT NULL, may lie outside of these migrations.
    ...(stage !== 'expand' && columns.length === 0 ? { severity: 'review' as const } : {}),
  };
}

const exclusion: PostgresRule = {
  id: 'adding-exclusion-constraint',
  classes: ['locks', 'breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAddConstraint('CONSTR_EXCLUSION', (constraint, { table }) => ({
    message: `nobody can read ${table} while the index of ${constraintName(table, constraint)} is built; there is no way to build it beside the writers: it needs a maintenance window`,
    safe: undefined,
  })),
};

const validateTogether: PostgresRule = {
  id: 'validate-in-same-transaction',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: onAlter(['AT_ValidateConstraint'], (alteration, { history }) => {
    const name = alteration.command.name ?? '';
    if (!history.file.unproven.has(`${alteration.table}.${name}`)) return undefined;
    return {
      message: `${alteration.table} stays locked by ADD CONSTRAINT while every row is read for ${name}: the lock is held to the end of the transaction`,
      safe: steps(['then contract', validate(alteration, name)]),
    };
  }),
};

const dropping: PostgresRule = {
  id: 'dropping-constraint',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: onAlter(['AT_DropConstraint'], (alteration, { history }) => {
    const { name = '' } = alteration.command;
    if (isNew(history.tables.get(alteration.table)?.checks.get(name)?.origin, history.here)) return undefined;
    return {
      message: `from now on the new release may write what the old one relies on never to meet in ${alteration.table} (${name})`,
      safe: steps(['contract', altered(alteration, alteration.command)]),
    };
  }),
};

export const addConstraintRules: readonly PostgresRule[] = [
  missingNotValid,
  foreignKey,
  constrainingOldWrites,
  {
    id: 'disallowed-unique-constraint',
    classes: ['locks', 'breaks-old', 'depends-on-data'],
    allowedIn: [],
    check: uniqueHazard('CONSTR_UNIQUE', 'unique constraint'),
  },
  {
    id: 'adding-primary-key',
    classes: ['locks', 'breaks-old', 'depends-on-data'],
    allowedIn: [],
    check: uniqueHazard('CONSTR_PRIMARY', 'primary key'),
  },
  exclusion,
  validateTogether,
  dropping,
];
