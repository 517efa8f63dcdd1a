// ADD COLUMN: what the old release must fill, and what makes the server write every row again.

import type { ColumnDef, Constraint, Node } from 'libpg-query';
import { type Hazard, steps } from '../../lint/rule.ts';
import type { History } from './history.ts';
import { altered, backfillOf, bareName, notNullLater, onAlter, type PostgresRule } from './postgres-rule.ts';
import { type Alteration, baseType, body, constraintsOf, literal, print, printType, quoted } from './tree.ts';
import { volatileIn } from './volatile.ts';

export interface Added {
  readonly column: ColumnDef;
  readonly name: string;
  readonly constraints: readonly Constraint[];
  readonly alteration: Alteration;
  readonly history: History;
}

const serials: Readonly<Record<string, string>> = {
  serial: 'int',
  serial4: 'int',
  bigserial: 'bigint',
  serial8: 'bigint',
  smallserial: 'smallint',
  serial2: 'smallint',
};

export const onAddColumn = (look: (added: Added) => Hazard | undefined): PostgresRule['check'] =>
  onAlter(['AT_AddColumn'], (alteration, { history }) => {
    const column = body(alteration.command.def, 'ColumnDef');
    if (column === undefined) return undefined;
    const constraints = constraintsOf(column.constraints);
    return look({ column, name: column.colname ?? '', constraints, alteration, history });
  });

export const find = ({ constraints }: Added, kind: Constraint['contype']): Constraint | undefined =>
  constraints.find(({ contype }) => contype === kind);

/** The same ADD COLUMN without these constraints, and with another type where said. */
export function without(
  { column, alteration }: Added,
  kinds: readonly Constraint['contype'][],
  change: Partial<ColumnDef> = {},
): string {
  const kept = (column.constraints ?? []).filter((each) => !kinds.includes(body(each, 'Constraint')?.contype));
  const def: Node = { ColumnDef: { ...column, ...change, constraints: kept } };
  return altered(alteration, { ...alteration.command, def });
}

const isFilledByServer = (added: Added): boolean =>
  ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].some((kind) =>
    find(added, kind as Constraint['contype']),
  ) || baseType(added.column.typeName) in serials;

const setDefault = (alteration: Alteration, name: string, def: Node | undefined): string =>
  altered(alteration, { subtype: 'AT_ColumnDefault', name, ...(def === undefined ? {} : { def }) });

const requiredField: PostgresRule = {
  id: 'adding-required-field',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: [],
  check: onAddColumn((added) => {
    if (isFilledByServer(added) || find(added, 'CONSTR_NOTNULL') === undefined) return undefined;
    const { alteration, name } = added;
    return {
      message: `the old release does not fill ${alteration.table}.${name}, so its INSERTs fail; and the server refuses the column when the table has rows`,
      safe: steps(['expand', without(added, ['CONSTR_NOTNULL'])], ...notNullLater(alteration, name)),
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
    const { alteration, name, history } = added;
    const tail = find(added, 'CONSTR_NOTNULL') === undefined ? [] : notNullLater(alteration, name);
    return {
      message: `the default ${print(expression)} of ${alteration.table}.${name} is worked out row by row (${culprit}): the whole table is written again while nobody can read it`,
      safe: steps(
        ['expand', without(added, ['CONSTR_DEFAULT', 'CONSTR_NOTNULL']), setDefault(alteration, name, expression)],
        [
          'backfill',
          backfillOf(alteration, history, `${quoted(name)} = ${print(expression)}`, `${quoted(name)} IS NULL`),
        ],
        ...tail,
      ),
    };
  }),
};

const identityField: PostgresRule = {
  id: 'adding-identity-field',
  classes: ['locks'],
  allowedIn: [],
  check: onAddColumn((added) => {
    const type = serials[baseType(added.column.typeName)];
    const isIdentity = find(added, 'CONSTR_IDENTITY') !== undefined;
    if (type === undefined && !isIdentity) return undefined;
    const { alteration, name, history } = added;
    const sequence = quoted(`${bareName(alteration.table)}_${name}_seq`);
    const column = type === undefined ? printType(added.column.typeName) : type;
    const next = `nextval(${literal(sequence)})`;
    return {
      message: `numbering the rows of ${alteration.table} for ${name} writes the whole table again while nobody can read it`,
      safe: steps(
        [
          'expand',
          `CREATE SEQUENCE ${sequence};`,
          `ALTER TABLE ${alteration.sql} ADD COLUMN ${quoted(name)} ${column};`,
          `ALTER TABLE ${alteration.sql} ALTER COLUMN ${quoted(name)} SET DEFAULT ${next};`,
        ],
        ['backfill', backfillOf(alteration, history, `${quoted(name)} = ${next}`, `${quoted(name)} IS NULL`)],
        ...notNullLater(alteration, name),
      ),
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
    const { alteration, name, history } = added;
    const [expression, keep] = [
      print(generated.raw_expr ?? ({} as Node)),
      quoted(`${bareName(alteration.table)}_${name}_sync`),
    ];
    return {
      message: `${alteration.table}.${name} is worked out for every row: the whole table is written again while nobody can read it (PostgreSQL 18: VIRTUAL writes nothing)`,
      safe: steps(
        [
          'expand',
          '-- @sync',
          without(added, ['CONSTR_GENERATED', 'CONSTR_NOTNULL']),
          `CREATE FUNCTION ${keep}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SELECT ${expression} INTO NEW.${quoted(name)} FROM (SELECT NEW.*) AS changed; RETURN NEW; END $$;`,
          `CREATE TRIGGER ${keep} BEFORE INSERT OR UPDATE ON ${alteration.sql} FOR EACH ROW EXECUTE FUNCTION ${keep}();`,
        ],
        [
          'backfill',
          backfillOf(
            alteration,
            history,
            `${quoted(name)} = ${expression}`,
            `${quoted(name)} IS DISTINCT FROM ${expression}`,
          ),
        ],
      ),
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
    const type = history.domains.get(domain);
    if (type === undefined) return undefined;
    return {
      message: `the constraint of the domain ${domain} is checked for every row of ${alteration.table}: the whole table is written again while nobody can read it`,
      safe: steps([
        'expand',
        `-- the rule of ${domain} as a CHECK … NOT VALID, validated by a later migration`,
        without(added, [], { typeName: type }),
      ]),
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
      safe: steps([
        'expand',
        without(added, [], { typeName: { names: [{ String: { sval: 'jsonb' } }], typemod: -1 } }),
      ]),
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
