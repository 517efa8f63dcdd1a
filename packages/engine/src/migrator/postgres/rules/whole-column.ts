// ADD COLUMN the safe way: bare in expand, filled by a backfill, and constrained when the old release is gone. One form for
// all that may be wrong with it, so that no finding's advice runs into the next finding.

import type { ColumnDef, Constraint, Node } from 'libpg-query';
import { type Section, steps } from '../../lint/rule.ts';
import { type Added, find } from './added.ts';
import { partitionsOf } from './history.ts';
import { constraintName } from './names.ts';
import { takesOmitted } from './nulls.ts';
import {
  addNotNullCheck,
  addNotValid,
  altered,
  backfillOf,
  notNullName,
  setProvenNotNull,
  validate,
} from './postgres-rule.ts';
import { baseType, body, literal, print, quoted, relationSql, replaceColumns } from './tree.ts';
import { uniqueLater } from './unique-later.ts';
import { volatileIn } from './volatile.ts';

const serials: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
};

export const isSerial = ({ column }: Added): boolean => baseType(column.typeName) in serials;

/** Undefined where it cannot be written by itself: see `noWholeColumn`. */
export function wholeColumn(added: Added): string | undefined {
  const backfill = filled(added);
  const later = keysOf(added).map((constraint) => uniqueLater(added.alteration, constraint, added.history, true));
  if (backfill === null || later.some((each) => each === undefined) || isOddForeign(added)) return undefined;
  const parts: readonly (readonly [isOutside: boolean, lines: readonly string[]])[] = [
    [false, unproven(added)],
    [false, proven(added)],
    ...later.flatMap((sections) =>
      (sections ?? []).map(
        ([name, ...lines]) => [name.includes('@no-transaction'), lines.filter((line) => line !== undefined)] as const,
      ),
    ),
  ];
  const contracts = parts.filter(([, lines]) => lines.length > 0);
  const isProvenFirst = unproven(added).length === 0 && proven(added).length > 0;
  const sections = contracts.map(([isOutside, lines], index): Section => {
    const name = index === 0 && !isProvenFirst ? 'contract' : 'then contract';
    return [isOutside ? `${name}, @no-transaction` : name, ...lines];
  });
  return steps(
    ['expand', ...bare(added)],
    ...(backfill === undefined ? [] : [['backfill', backfill] as const]),
    ...sections,
  );
}

/** Why there is none, for a message. */
export function noWholeColumn(added: Added): string {
  if (wholeColumn(added) !== undefined) return '';
  const { table } = added.alteration;
  if (filled(added) === null)
    return `; no safe form: ${table} has no key of one column that is never NULL to fill it by`;
  return `; no safe form: ${table} is partitioned, and the server takes neither NOT VALID nor an index that is there for it`;
}

/** Up to PostgreSQL 17 a partitioned table takes no foreign key as NOT VALID. */
const isOddForeign = (added: Added): boolean =>
  partitionsOf(added.history, added.alteration.table) !== undefined && find(added, 'CONSTR_FOREIGN') !== undefined;

const ofKind = ({ constraints }: Added, kind: Constraint['contype']): readonly Constraint[] =>
  constraints.filter(({ contype }) => contype === kind);

const keysOf = (added: Added): readonly Constraint[] =>
  [...ofKind(added, 'CONSTR_PRIMARY'), ...ofKind(added, 'CONSTR_UNIQUE')].map((each) => ({
    ...each,
    keys: [{ String: { sval: added.name } }],
  }));

const isNumbered = (added: Added): boolean => isSerial(added) || find(added, 'CONSTR_IDENTITY') !== undefined;

const storedExpression = (added: Added): Node | undefined => {
  const generated = find(added, 'CONSTR_GENERATED');
  return generated?.generated_kind === 'v' ? undefined : generated?.raw_expr;
};

function volatileDefault(added: Added): Node | undefined {
  const expression = find(added, 'CONSTR_DEFAULT')?.raw_expr;
  return expression !== undefined && volatileIn(expression) !== undefined ? expression : undefined;
}

const hasPlainDefault = (added: Added): boolean =>
  find(added, 'CONSTR_DEFAULT') !== undefined && volatileDefault(added) === undefined;

/** NOT NULL for which the server must read the rows. */
function isNotNullLater(added: Added): boolean {
  const says = ['CONSTR_NOTNULL', 'CONSTR_PRIMARY'] as const;
  return !hasPlainDefault(added) && (isNumbered(added) || says.some((kind) => find(added, kind) !== undefined));
}

/** The sequence of a serial has the name that the server would give it. */
function sequenceOf({ name, alteration: { relation }, ...added }: Added): string {
  const ending = isSerial({ name, alteration: { relation }, ...added } as Added) ? 'seq' : 'fill';
  return relationSql({ ...relation, relname: `${relation.relname}_${name}`.slice(0, 58).concat('_', ending) });
}

const next = (added: Added): string => `nextval(${literal(sequenceOf(added))})`;

/** What expand says: nothing that reads or writes rows. */
function bare(added: Added): readonly string[] {
  const { column, name, alteration, history } = added;
  const { sql } = alteration;
  const base = baseType(column.typeName);
  const kept = (column.constraints ?? []).filter((each) => isHarmless(body(each, 'Constraint')?.contype, added));
  const domain = history.domains.get(base);
  const type =
    base === 'json'
      ? typed('jsonb')
      : (domain?.type ?? (serials[base] === undefined ? column.typeName : typed('pg_catalog', serials[base])));
  const def: ColumnDef = { ...column, ...(type !== undefined && { typeName: type }), constraints: kept };
  const add = altered(alteration, { ...alteration.command, def: { ColumnDef: def } });
  const later = volatileDefault(added);
  const early = checksOf(added).filter((each) => isPassedByOld(each, added));
  const checks = early.map((each) => addNotValid(alteration, constraintName(alteration.table, each, name), each));
  const stored = storedExpression(added);
  if (stored !== undefined) return ['-- @sync', add, ...keptInStep(added, print(stored)), ...checks];
  if (!isNumbered(added)) return [add, ...(later === undefined ? [] : [setDefault(added, print(later))]), ...checks];
  const own = isSerial(added) ? [`ALTER SEQUENCE ${sequenceOf(added)} OWNED BY ${sql}.${quoted(name)};`] : [];
  return [createSequence(added), add, setDefault(added, next(added)), ...own, ...checks];
}

const typed = (...names: readonly string[]) => ({ names: names.map((sval) => ({ String: { sval } })), typemod: -1 });

function isHarmless(kind: Constraint['contype'], added: Added): boolean {
  if (kind === 'CONSTR_NULL') return true;
  if (kind === 'CONSTR_GENERATED') return storedExpression(added) === undefined;
  return (kind === 'CONSTR_DEFAULT' || kind === 'CONSTR_NOTNULL') && hasPlainDefault(added);
}

const setDefault = ({ alteration: { sql }, name }: Added, expression: string): string =>
  `ALTER TABLE ${sql} ALTER COLUMN ${quoted(name)} SET DEFAULT ${expression};`;

function createSequence(added: Added): string {
  const options = (find(added, 'CONSTR_IDENTITY')?.options ?? []).map((each) => print(each)).join(' ');
  const type =
    isSerial(added) && baseType(added.column.typeName) !== 'bigserial'
      ? ` AS ${serials[baseType(added.column.typeName)]}`
      : '';
  return `CREATE SEQUENCE ${sequenceOf(added)}${type.replace(' AS int8', '')}${options === '' ? '' : ` ${options}`};`;
}

function keptInStep({ alteration: { relation, sql }, name }: Added, expression: string): readonly string[] {
  const bare = quoted(`${relation.relname}_${name}_sync`.slice(0, 63));
  const keep = relationSql({ ...relation, relname: `${relation.relname}_${name}_sync`.slice(0, 63) });
  return [
    `CREATE FUNCTION ${keep}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SELECT ${expression} INTO NEW.${quoted(name)} FROM (SELECT NEW.*) AS changed; RETURN NEW; END $$;`,
    `CREATE TRIGGER ${bare} BEFORE INSERT OR UPDATE ON ${sql} FOR EACH ROW EXECUTE FUNCTION ${keep}();`,
  ];
}

/** The backfill; undefined where the rows need none, null where the table has no key to go by. */
function filled(added: Added): string | undefined | null {
  const { alteration, history, name } = added;
  const [stored, later] = [storedExpression(added), volatileDefault(added)];
  const value = isNumbered(added) ? next(added) : stored === undefined ? later && print(later) : print(stored);
  if (value === undefined) return undefined;
  const only = stored === undefined ? `${quoted(name)} IS NULL` : `${quoted(name)} IS DISTINCT FROM ${value}`;
  return backfillOf(alteration, history, { column: name, value, only }) ?? null;
}

/** Its own, and those of its domain. */
function checksOf(added: Added): readonly Constraint[] {
  const { history, column, name, constraints } = added;
  const ofDomain = history.domains.get(baseType(column.typeName))?.checks ?? [];
  return [
    ...ofDomain.map((each) => replaceColumns(each, 'value', name)),
    ...constraints.filter(({ contype }) => contype === 'CONSTR_CHECK'),
  ].map(({ conname, ...each }, index) => ({
    ...each,
    conname: conname ?? numbered(constraintName(added.alteration.table, each, name), index),
  }));
}

/** As the server does with a second one. */
const numbered = (name: string, index: number): string => (index === 0 ? name : `${name}${index}`);

const isPassedByOld = (check: Constraint, added: Added): boolean =>
  hasPlainDefault(added) || takesOmitted(check, added.alteration.table, added.history);

const foreignOf = (added: Added): readonly Constraint[] =>
  ofKind(added, 'CONSTR_FOREIGN').map((each) => ({ ...each, fk_attrs: [{ String: { sval: added.name } }] }));

/** The first contract: rows of the new release are checked, existing ones are not. */
function unproven(added: Added): readonly string[] {
  const { alteration, name } = added;
  const late = [...foreignOf(added), ...checksOf(added).filter((each) => !isPassedByOld(each, added))];
  return [
    ...(isNotNullLater(added) ? [addNotNullCheck(alteration, name)] : []),
    ...late.map((each) => addNotValid(alteration, constraintName(alteration.table, each, name), each)),
  ];
}

/** The second one: the rows are read while services use them. */
function proven(added: Added): readonly string[] {
  const { alteration, name } = added;
  const all = [...foreignOf(added), ...checksOf(added)];
  return [
    ...all.map((each) => validate(alteration, constraintName(alteration.table, each, name))),
    ...(isNotNullLater(added) ? setProvenNotNull(alteration, name, notNullName(alteration, name)) : []),
    ...identityAtLast(added),
  ];
}

/** An identity needs NOT NULL, and continues from the last number. */
function identityAtLast(added: Added): readonly string[] {
  const { alteration, name } = added;
  const identity = find(added, 'CONSTR_IDENTITY');
  if (identity === undefined) return [];
  const own = `pg_get_serial_sequence(${literal(alteration.sql)}, ${literal(name)})`;
  return [
    altered(alteration, { subtype: 'AT_ColumnDefault', name }),
    altered(alteration, { subtype: 'AT_AddIdentity', name, def: { Constraint: identity } }),
    `SELECT setval(${own}, ${next(added)});`,
    `DROP SEQUENCE ${sequenceOf(added)};`,
  ];
}
