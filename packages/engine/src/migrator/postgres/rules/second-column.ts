// A column next to the old one, synchronized by triggers: the form of a rename and of a change of type. What depends on
// the old column is carried over where that can be written; where it cannot, it is named.

import type { Constraint, IndexStmt, Node, TypeName } from 'libpg-query';
import { type Section, steps } from '../../lint/rule.ts';
import { columnOf, type History, isKnownTable, type Table } from './history.ts';
import {
  addNotNullCheck,
  addNotValid,
  altered,
  backfillOf,
  notNullName,
  setProvenNotNull,
  validate,
} from './postgres-rule.ts';
import { readersOf, referrersOf } from './readers.ts';
import {
  type Alteration,
  body,
  columnsIn,
  print,
  printType,
  quoted,
  relationSql,
  replaceColumns,
  some,
  strings,
} from './tree.ts';
import { uniqueLater } from './unique-later.ts';

export interface Second {
  readonly alteration: Pick<Alteration, 'relation' | 'table' | 'sql'>;
  readonly history: History;
  readonly old: string;
  readonly name: string;
  /** Undefined: that of the old one, which is not known. */
  readonly type: TypeName | undefined;
  /** With `USING old::type`: without it the server assigns, and refuses what does not fit. */
  readonly isCast: boolean;
}

/** Undefined where an object that cannot be carried over depends on the old column: see `whatHangsOn`. */
export function secondColumn(second: Second): string | undefined {
  const { alteration, history, old, name } = second;
  const value = second.isCast ? cast(second) : quoted(old);
  const only = `${quoted(name)} IS DISTINCT FROM ${second.type === undefined || isSameType(second) ? quoted(old) : cast(second)}`;
  const backfill = backfillOf(alteration, history, { column: name, value, only });
  if (backfill === undefined || whatHangsOn(second).length > 0) return undefined;
  const uniques = uniquesOver(second);
  return steps(
    ['expand', ...expand(second)],
    ['backfill', backfill],
    ...indexesOver(second).map((index): Section => ['then expand, @no-transaction', `${print({ IndexStmt: index })};`]),
    ...inContract(second),
    ...uniques.map(({ index }): Section => ['then contract, @no-transaction', index]),
    [isBare(second) ? 'contract' : 'then contract', ...lastly(second), ...uniques.map(({ constraint }) => constraint)],
  );
}

/** Nothing of the old column has to be proven or built again. */
const isBare = (second: Second): boolean => inContract(second).length === 0 && uniquesOver(second).length === 0;

const cast = ({ old, type }: Second): string => `${quoted(old)}::${printType(type)}`;

const isSameType = ({ history, alteration, old, type }: Second): boolean => {
  const known = columnOf(history, alteration.table, old)?.type;
  return known !== undefined && printType(known) === printType(type);
};

/** What no file that is written from here carries over, in words. */
export function whatHangsOn({ alteration: { table }, history, old }: Second): readonly string[] {
  const known = history.tables.get(table);
  if (known === undefined || !isKnownTable(history, table))
    return old === 'id' ? ['most likely the key of the table'] : [];
  const column = known.columns.get(old);
  // LIKE, INHERITS and CREATE TABLE AS add columns that no statement names.
  if (column === undefined) return ['not among what these migrations show of the table'];
  const isNumbered = column?.isServers === true || some(column?.default, isNextval);
  const generated = [...known.columns].filter(([, each]) => each.isServers && columnsIn(each.default).includes(old));
  return [
    ...(known.keys.includes(old) ? ['in the primary key'] : []),
    ...(isNumbered ? ['numbered or worked out by the server'] : []),
    ...referrersOf(history, table, old).map((each) => `referenced by ${each.table}`),
    ...readersOf(history, table, old).map(({ name, kind }) => `used by the ${kind} ${name}`),
    ...generated.map(([name]) => `used by the generated column ${name}`),
    ...(known.partitions?.by.includes(old) === true ? [`what ${table} is partitioned by`] : []),
    ...(known.partitions !== undefined && hasIndex(history, table, old)
      ? [`indexed, and ${table} is partitioned`]
      : []),
    ...[...known.constraints].flatMap(([name, { node, columns }]) =>
      node.contype === 'CONSTR_EXCLUSION' && columns.includes(old) ? [`in ${name}`] : [],
    ),
  ];
}

/** For a message: why there is no form, or what it cannot know. */
export function aboutSecond(second: Second): string {
  const { alteration, history, old, name } = second;
  const hangs = whatHangsOn(second);
  const where = `${alteration.table}.${old}`;
  if (hangs.length > 0)
    return `; no safe form is written here, for ${where} is ${hangs.join(', ')}: add ${name} by hand beside it, keep both in step by a trigger, carry these over to ${name}, and only then drop ${old} in a contract`;
  if (!isKnownTable(history, alteration.table))
    return `; these migrations do not show what ${where} has: carry NOT NULL, default, indexes, constraints and views over to ${name} before the contract`;
  return secondColumn(second) === undefined ? `; no safe form: ${alteration.table} has no key to fill ${name} by` : '';
}

const isNextval = ({ FuncCall: call }: Record<string, unknown>): boolean =>
  strings((call as { funcname?: Node[] } | undefined)?.funcname).at(-1) === 'nextval';

const hasIndex = (history: History, table: string, column: string): boolean =>
  [...history.indexes.values()].some((index) => index.table === table && index.columns.includes(column));

function expand(second: Second): readonly string[] {
  const { alteration, history, old, name, type } = second;
  const { sql } = alteration;
  const [was, now] = [`NEW.${quoted(old)}`, `NEW.${quoted(name)}`];
  const { routine, trigger } = keeper(second);
  const value = second.isCast ? `NEW.${cast(second)}` : was;
  const collation = columnOf(history, alteration.table, old)?.collation ?? '';
  const said = type === undefined ? `text /* the type of ${old} */` : printType(type);
  const sorted = collation === '' || second.isCast ? '' : ` COLLATE ${collation.split('.').map(quoted).join('.')}`;
  return [
    '-- @sync',
    `ALTER TABLE ${sql} ADD COLUMN ${quoted(name)} ${said}${sorted};`,
    `CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN`,
    `  IF TG_OP = 'INSERT' THEN IF ${now} IS NULL THEN ${now} := ${value}; ELSE ${was} := ${now}; END IF;`,
    `  ELSIF ${was} IS DISTINCT FROM OLD.${quoted(old)} THEN ${now} := ${value};`,
    `  ELSIF ${now} IS DISTINCT FROM OLD.${quoted(name)} THEN ${was} := ${now}; END IF;`,
    '  RETURN NEW; END $$;',
    `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${sql} FOR EACH ROW EXECUTE FUNCTION ${routine}();`,
  ];
}

function keeper({ alteration: { relation }, old, name }: Second) {
  const relname = `${relation.relname}_${old}_${name}_sync`.slice(0, 63);
  return { routine: relationSql({ ...relation, relname }), trigger: quoted(relname) };
}

const tableOf = ({ history, alteration }: Second): Table | undefined => history.tables.get(alteration.table);

/** CHECKs and foreign keys that name the old column, about the new one. */
function constraintsOver(second: Second): readonly { readonly called: string; readonly node: Constraint }[] {
  const { old, name } = second;
  return [...(tableOf(second)?.constraints ?? [])].flatMap(([called, { node, columns }]) => {
    if (!columns.includes(old) || (node.contype !== 'CONSTR_CHECK' && node.contype !== 'CONSTR_FOREIGN')) return [];
    const attrs = columns.map((each) => ({ String: { sval: each === old ? name : each } }));
    const about = replaceColumns(node, old, name);
    return [
      {
        called: renamed(called, old, name),
        node: node.contype === 'CONSTR_FOREIGN' ? { ...about, fk_attrs: attrs } : about,
      },
    ];
  });
}

const renamed = (called: string, old: string, name: string): string =>
  (called.includes(`_${old}`) ? called.replace(`_${old}`, `_${name}`) : `${called}_${name}`).slice(0, 63);

/** Before the old column goes: the new one is as strict. */
function inContract(second: Second): readonly Section[] {
  const { alteration: place, old, name } = second;
  const alteration = { ...place, command: {} };
  const isRequired = tableOf(second)?.notNull.has(old) === true;
  const over = constraintsOver(second);
  if (!isRequired && over.length === 0) return [];
  return [
    [
      'contract',
      ...(isRequired ? [addNotNullCheck(alteration, name)] : []),
      ...over.map(({ called, node }) => addNotValid(alteration, called, node)),
    ],
    [
      'then contract',
      ...over.map(({ called }) => validate(alteration, called)),
      ...(isRequired ? setProvenNotNull(alteration, name, notNullName(alteration, name)) : []),
    ],
  ];
}

function indexesOver({ alteration: { table }, history, old, name }: Second): readonly IndexStmt[] {
  return [...history.indexes].flatMap(([called, { table: of, columns, node }]) => {
    if (of !== table || node === undefined || !(columns.includes(old) || columnsIn(node.whereClause).includes(old)))
      return [];
    return node.unique === true ? [] : [indexAbout(node, called, old, name)];
  });
}

function indexAbout(node: IndexStmt, called: string, old: string, name: string): IndexStmt {
  const about = replaceColumns(node, old, name);
  const onNew = (elements: readonly Node[] | undefined): Node[] =>
    (elements ?? []).map((each) => {
      const element = body(each, 'IndexElem');
      return element?.name === old ? { IndexElem: { ...element, name } } : each;
    });
  const including = onNew(about.indexIncludingParams);
  return {
    ...about,
    idxname: renamed(called.split('.').at(-1) ?? called, old, name),
    concurrent: true,
    indexParams: onNew(about.indexParams),
    ...(including.length > 0 && { indexIncludingParams: including }),
  };
}

/** Unique indexes and constraints, which take their place in the last file. */
function uniquesOver(second: Second): readonly { readonly index: string; readonly constraint: string | undefined }[] {
  const { alteration: place, history, old, name } = second;
  const alteration = { ...place, command: {} };
  const plain = [...history.indexes].flatMap(([called, { table, columns, node }]) =>
    table === place.table && node?.unique === true && columns.includes(old)
      ? [{ index: `${print({ IndexStmt: indexAbout(node, called, old, name) })};`, constraint: undefined }]
      : [],
  );
  const constraints = [...(tableOf(second)?.constraints ?? [])].flatMap(([called, { node, columns }]) => {
    if (node.contype !== 'CONSTR_UNIQUE' || !columns.includes(old)) return [];
    const keys = columns.map((each) => ({ String: { sval: each === old ? name : each } }));
    const [index, added] = uniqueLater(alteration, { ...node, conname: called, keys }, history) ?? [];
    return [{ index: index?.[1] ?? '', constraint: added?.[1] }];
  });
  return [...plain, ...constraints];
}

/** The old column goes, and the new one takes its default. */
function lastly(second: Second): readonly string[] {
  const { alteration: place, history, old, name } = second;
  const alteration = { ...place, command: {} };
  const def = columnOf(history, place.table, old)?.default;
  const { routine, trigger } = keeper(second);
  return [
    `DROP TRIGGER ${trigger} ON ${place.sql};`,
    `DROP FUNCTION ${routine}();`,
    ...(def === undefined ? [] : [altered(alteration, { subtype: 'AT_ColumnDefault', name, def })]),
    `ALTER TABLE ${place.sql} DROP COLUMN ${quoted(old)};`,
  ];
}
