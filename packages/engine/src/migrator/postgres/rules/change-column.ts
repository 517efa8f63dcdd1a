// ALTER COLUMN: types, nullability and defaults under a release that still uses the column.

import type { Node, TypeName } from 'libpg-query';
import { type Hazard, steps } from '../../lint/rule.ts';
import { columnOf, type History, isKeyColumn, isNewColumn, isNewTable, isNotNull, isProvenNotNull } from './history.ts';
import { altered, notNullLater, onAlter, type PostgresRule } from './postgres-rule.ts';
import { aboutSecond, type Second, secondColumn } from './second-column.ts';
import { type Alteration, baseType, body, printType, some, strings, typeModifiers } from './tree.ts';

/** What a change of type costs: nothing, the whole table, or more than this file can know. */
export function costOfType(
  from: TypeName | undefined,
  to: TypeName | undefined,
  isConverted: boolean,
): 'none' | 'rewrite' | 'unknown' {
  if (isConverted) return 'rewrite';
  const [old, now] = [baseType(from), baseType(to)];
  if (from === undefined) return ['text', 'varchar', 'numeric', 'timestamptz'].includes(now) ? 'unknown' : 'rewrite';
  if (isStoredAlike(from, to)) return 'none';
  return now === 'timestamptz' && old === 'timestamp' ? 'unknown' : 'rewrite';
}

/** Existing rows stay as they are: the same type, or a limit that none of them can break. */
function isStoredAlike(from: TypeName, to: TypeName | undefined): boolean {
  const [old, now] = [baseType(from), baseType(to)];
  const [[oldSize, oldScale], [size, scale]] = [typeModifiers(from), typeModifiers(to)];
  if (old === now && size === oldSize && scale === oldScale) return true;
  const isLonger = size === undefined || (oldSize !== undefined && size >= oldSize);
  switch (now) {
    case 'text':
      return old === 'varchar' || old === 'text';
    case 'varchar':
      return old === 'varchar' ? isLonger : old === 'text' && size === undefined;
    case 'numeric':
      return old === 'numeric' && isLonger && (size === undefined || (scale ?? 0) === (oldScale ?? 0));
    default:
      return false;
  }
}

/** Every value that the old type holds fits into the new one; true where the old one is not known. */
function isWider(from: TypeName | undefined, to: TypeName | undefined): boolean {
  const [old, now] = [baseType(from), baseType(to)];
  if (from === undefined) return true;
  const [[oldSize = Number.POSITIVE_INFINITY, oldScale = 0], [size = Number.POSITIVE_INFINITY, scale = 0]] = [
    typeModifiers(from),
    typeModifiers(to),
  ];
  if (now === 'text' || (now === 'varchar' && size === Number.POSITIVE_INFINITY)) return true;
  if (now === 'varchar') return ['varchar', 'bpchar'].includes(old) && size >= oldSize;
  if (now === 'numeric' && old === 'numeric') return size - scale >= oldSize - oldScale && scale >= oldScale;
  if (now === 'numeric') return size === Number.POSITIVE_INFINITY && /^(?:int[248]|float[48])$/.test(old);
  return wider[old]?.includes(now) === true;
}

const wider: Readonly<Record<string, readonly string[]>> = {
  int2: ['int4', 'int8', 'float4', 'float8'],
  int4: ['int8', 'float8'],
  float4: ['float8'],
  date: ['timestamp', 'timestamptz'],
  timestamp: ['timestamptz'],
  json: ['jsonb'],
};

/** `USING column::type` says no more than the server would do. */
function isPlainCast(using: Node | undefined, column: string): boolean {
  const arg = body(using, 'TypeCast')?.arg;
  return strings(body(arg, 'ColumnRef')?.fields).at(-1) === column;
}

const changingType: PostgresRule = {
  id: 'changing-column-type',
  classes: ['locks', 'breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAlter(['AT_AlterColumnType'], (alteration, { history }): Hazard | undefined => {
    const { name = '', def } = alteration.command;
    const to = body(def, 'ColumnDef');
    const from = columnOf(history, alteration.table, name)?.type;
    const cost = costOfType(from, to?.typeName, to?.raw_default !== undefined);
    const check = checkOver(history, alteration.table, name);
    if (isNewColumn(history, alteration.table, name)) return undefined;
    const collation = strings(to?.collClause?.collname).join('.');
    const before = columnOf(history, alteration.table, name)?.collation ?? '';
    if (cost !== 'rewrite' && collation !== before)
      return {
        message: `${alteration.table}.${name} is sorted by ${collation || 'the default collation'} from now on: every index on it is built again while nobody can read the table`,
        safe: undefined,
      };
    if (cost === 'none' && check === undefined) return undefined;
    const type = printType(to?.typeName);
    const where = `${alteration.table}.${name}`;
    if (cost === 'none')
      return {
        message: `the check ${check} is proven again: every row of ${alteration.table} is read while nobody can read the table`,
        safe: undefined,
      };
    const second: Second = {
      alteration,
      history,
      old: name,
      name: `${name}_${baseType(to?.typeName).replaceAll(/\W/g, '')}`,
      type: to?.typeName,
      isCast: to?.raw_default !== undefined,
    };
    const noWay =
      to?.raw_default !== undefined && !isPlainCast(to.raw_default, name)
        ? `; no safe form is written here: USING says how the old values become new ones, and not how the old release gets back what the new one writes: write both ways into a trigger that keeps ${second.name} in step`
        : isWider(from, to?.typeName)
          ? undefined
          : `; no safe form: the old release may write values that ${type} does not hold: let a release write only those that fit, prove them by a CHECK in contract, and go on from there`;
    return {
      message:
        cost === 'unknown'
          ? `whether ${where} can become ${type} without writing the table again depends on its present type: a dry run decides${aboutSecond(second)}`
          : `the whole of ${alteration.table} is written again while nobody can read it, and the old release meets ${type} in ${where}${noWay ?? aboutSecond(second)}`,
      safe: noWay === undefined ? secondColumn(second) : undefined,
      ...(cost === 'unknown' ? { severity: 'review' as const } : {}),
    };
  }),
};

const checkOver = (history: History, table: string, column: string): string | undefined =>
  [...(history.tables.get(table)?.checks ?? [])].find(([, { columns }]) => columns.includes(column))?.[0];

const setNotNull: PostgresRule = {
  id: 'adding-not-nullable-field',
  classes: ['breaks-old', 'locks', 'depends-on-data'],
  allowedIn: [],
  check: onAlter(['AT_SetNotNull'], (alteration, { history, stage }) => {
    const { name = '' } = alteration.command;
    const [isNew, isProven] = [
      isNewColumn(history, alteration.table, name),
      isProvenNotNull(history, alteration.table, name),
    ];
    if (isProven && (stage !== 'expand' || isNew)) return undefined;
    return {
      message:
        stage === 'expand'
          ? `the old release may write NULL into ${alteration.table}.${name}, and its users would see errors`
          : `every row of ${alteration.table} is read for NULL in ${name} while nobody can read the table`,
      safe: steps(...notNullLater(alteration, name)),
    };
  }),
};

const contractOnly = (alteration: Alteration, why: string): Hazard => ({
  message: why,
  safe: steps(['contract', altered(alteration, alteration.command)]),
});

const dropNotNull: PostgresRule = {
  id: 'ban-drop-not-null',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: onAlter(['AT_DropNotNull'], (alteration, { history }) =>
    isNewColumn(history, alteration.table, alteration.command.name ?? '')
      ? undefined
      : contractOnly(
          alteration,
          `the old release may meet NULL in ${alteration.table}.${alteration.command.name}, where it never did`,
        ),
  ),
};

const dropDefault: PostgresRule = {
  id: 'dropping-default',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: onAlter(['AT_ColumnDefault', 'AT_DropIdentity', 'AT_DropExpression'], (alteration, { history }) => {
    const { name = '', def } = alteration.command;
    // The old release omits a new column as well: nullable it is NULL then, and otherwise the INSERT fails.
    const isHarmless =
      isNewTable(history, alteration.table) ||
      (isNewColumn(history, alteration.table, name) && !isNotNull(history, alteration.table, name));
    if (def !== undefined || isHarmless) return undefined;
    return contractOnly(
      alteration,
      `the old release leaves ${alteration.table}.${name} to the server, which will not fill it any more`,
    );
  }),
};

const isConstant = (def: Node): boolean =>
  !some(def, (node) => 'FuncCall' in node || 'SQLValueFunction' in node || 'ColumnRef' in node);

const changeDefault: PostgresRule = {
  id: 'changing-default',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  severity: 'review',
  check: onAlter(['AT_ColumnDefault', 'AT_AddIdentity', 'AT_SetIdentity'], (alteration, { history }) => {
    const { subtype, name = '', def } = alteration.command;
    const isFirst = columnOf(history, alteration.table, name)?.hasDefault === false && subtype === 'AT_ColumnDefault';
    if (def === undefined || isNewColumn(history, alteration.table, name)) return undefined;
    if (isKeyColumn(history, alteration.table, name) && isConstant(def))
      return {
        ...contractOnly(
          alteration,
          `every INSERT that leaves ${alteration.table}.${name} to the server gets the same key, and the second one fails`,
        ),
        severity: 'error',
        safe: undefined,
      };
    if (isFirst) return undefined;
    return contractOnly(
      alteration,
      `what the old release writes with or without ${alteration.table}.${name} gets another value than it expects, or is refused`,
    );
  }),
};

export const changeColumnRules: readonly PostgresRule[] = [
  changingType,
  setNotNull,
  dropNotNull,
  dropDefault,
  changeDefault,
];
