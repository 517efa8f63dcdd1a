// ALTER COLUMN: types, nullability and defaults under a release that still uses the column.

import type { Node, TypeName } from 'libpg-query';
import { type Hazard, type Section, steps } from '../../lint/rule.ts';
import { columnOf, type History, isKeyColumn, isNewColumn, isNewTable, isNotNull, isProvenNotNull } from './history.ts';
import { altered, backfillOf, bareName, notNullLater, onAlter, type PostgresRule } from './postgres-rule.ts';
import { type Alteration, baseType, body, print, printType, quoted, some, strings, typeModifiers } from './tree.ts';

/** What a change of type costs: nothing, the whole table, or more than can be told from here. */
export function costOfType(
  from: TypeName | undefined,
  to: TypeName | undefined,
  isConverted: boolean,
): 'none' | 'rewrite' | 'unknown' {
  const [old, now] = [baseType(from), baseType(to)];
  const [[oldSize, oldScale], [size, scale]] = [typeModifiers(from), typeModifiers(to)];
  const isOpen = ['text', 'varchar', 'numeric'].includes(now);
  if (isConverted) return 'rewrite';
  if (from === undefined) return isOpen || now === 'timestamptz' ? 'unknown' : 'rewrite';
  if (old === now && size === oldSize && scale === oldScale) return 'none';
  if (now === 'text') return old === 'varchar' || old === 'text' ? 'none' : 'rewrite';
  if (now === 'varchar') {
    const fits = size === undefined || (oldSize !== undefined && old === 'varchar' && size >= oldSize);
    return (old === 'varchar' || old === 'text') && fits ? 'none' : 'rewrite';
  }
  if (now === 'numeric' && old === 'numeric') {
    const isWider =
      size === undefined || (oldSize !== undefined && size >= oldSize && (scale ?? 0) === (oldScale ?? 0));
    return isWider ? 'none' : 'rewrite';
  }
  return now === 'timestamptz' && old === 'timestamp' ? 'unknown' : 'rewrite';
}

/** A column of the new type beside the old one, kept in step by triggers: what a rename and a change of type become. */
export function secondColumn(
  alteration: Alteration,
  history: History,
  old: string,
  name: string,
  type: string,
  convert: string,
): string {
  const { sql, table } = alteration;
  const keep = quoted(`${bareName(table)}_${old}_${name}_sync`.slice(0, 63));
  const [was, now] = [quoted(old), quoted(name)];
  const back = columnOf(history, table, old)?.type;
  const backwards = back === undefined || type === printType(back) ? `NEW.${now}` : `NEW.${now}::${printType(back)}`;
  const mention = was.startsWith('"') ? was : new RegExp(`\\b${was}\\b`, 'g');
  const forwards = convert.replaceAll(mention, `NEW.${was}`);
  const sections: readonly Section[] = [
    [
      'expand',
      '-- @sync',
      `ALTER TABLE ${sql} ADD COLUMN ${now} ${type};`,
      `CREATE FUNCTION ${keep}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN`,
      `  IF TG_OP = 'INSERT' THEN IF NEW.${now} IS NULL THEN NEW.${now} := ${forwards}; ELSE NEW.${was} := ${backwards}; END IF;`,
      `  ELSIF NEW.${was} IS DISTINCT FROM OLD.${was} THEN NEW.${now} := ${forwards};`,
      `  ELSIF NEW.${now} IS DISTINCT FROM OLD.${now} THEN NEW.${was} := ${backwards}; END IF;`,
      '  RETURN NEW; END $$;',
      `CREATE TRIGGER ${keep} BEFORE INSERT OR UPDATE ON ${sql} FOR EACH ROW EXECUTE FUNCTION ${keep}();`,
    ],
    ['backfill', backfillOf(alteration, history, `${now} = ${convert}`, `${now} IS DISTINCT FROM ${convert}`)],
    [
      'contract',
      `DROP TRIGGER ${keep} ON ${sql};`,
      `DROP FUNCTION ${keep}();`,
      `ALTER TABLE ${sql} DROP COLUMN ${was};`,
    ],
  ];
  return steps(...sections);
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
    const convert = to?.raw_default === undefined ? `${quoted(name)}::${type}` : print(to.raw_default);
    return {
      message:
        cost === 'unknown'
          ? `whether ${where} can become ${type} without writing the table again depends on its present type: a dry run decides`
          : `the whole of ${alteration.table} is written again while nobody can read it, and the old release meets ${type} in ${where}`,
      safe: secondColumn(
        alteration,
        history,
        name,
        `${name}_${baseType(to?.typeName).replaceAll(/\W/g, '')}`,
        type,
        convert,
      ),
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
