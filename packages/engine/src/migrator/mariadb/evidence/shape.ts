// A schema as statements see it, from information_schema.

import type { Column, Rule, SchemaShape } from '../../evidence/shape.ts';
import type { Row, Session } from '../session.ts';

/** Enums are types of their columns here. Grants are not read: a copy has none. */
export async function readShape({ ask }: Session): Promise<SchemaShape> {
  const relations = await ask(
    `SELECT t.TABLE_NAME AS name, t.TABLE_TYPE AS type, v.VIEW_DEFINITION AS definition FROM information_schema.TABLES t
     LEFT JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME
     WHERE t.TABLE_SCHEMA = DATABASE()`,
  );
  const routines = await ask(
    `SELECT ROUTINE_NAME AS name, CONCAT_WS(' ', ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION) AS text
     FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()`,
  );
  const rules: [string, Rule][] = [];
  for (const { kind, select } of ruleSources)
    for (const { name, table, definition, fills } of await ask(select))
      rules.push([
        `${kind} ${name} on ${table}`,
        { kind, table: String(table), definition: String(definition), fillsInserts: Number(fills ?? 0) === 1 },
      ]);
  return {
    relations: Object.fromEntries(
      relations.map(({ name, type, definition }) => [
        String(name),
        { kind: type === 'VIEW' ? ('view' as const) : ('table' as const), definition: String(definition ?? '') },
      ]),
    ),
    columns: Object.fromEntries((await ask(columnSource)).map(columnOf)),
    rules: Object.fromEntries(rules),
    routines: Object.fromEntries(routines.map(({ name, text }) => [String(name), String(text)])),
    enums: {},
    grants: [],
  };
}

const columnSource = `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable,
  COLUMN_DEFAULT AS fallback, EXTRA AS extra, GENERATION_EXPRESSION AS expression, ORDINAL_POSITION AS position
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()`;

function columnOf(row: Row): readonly [string, Column] {
  const notNull = row.nullable === 'NO';
  return [
    `${row.table}.${row.name}`,
    {
      table: String(row.table),
      type: String(row.type),
      notNull,
      fallback: fallbackOf(row),
      position: Number(row.position),
    },
  ];
}

function fallbackOf({ extra, expression, fallback }: Row): string | undefined {
  if (String(extra).includes('auto_increment')) return 'row number';
  if (expression !== null && expression !== '') return 'generated';
  return fallback === null || fallback === 'NULL' ? undefined : String(fallback);
}

const ruleSources: readonly { readonly kind: Rule['kind']; readonly select: string }[] = [
  {
    kind: 'check',
    select: `SELECT t.CONSTRAINT_NAME AS name, t.TABLE_NAME AS \`table\`, c.CHECK_CLAUSE AS definition
      FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
        ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
      WHERE t.TABLE_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK'`,
  },
  {
    kind: 'foreign key',
    select: `SELECT CONSTRAINT_NAME AS name, TABLE_NAME AS \`table\`,
      GROUP_CONCAT(CONCAT(COLUMN_NAME, ' → ', REFERENCED_TABLE_NAME, '.', REFERENCED_COLUMN_NAME) ORDER BY ORDINAL_POSITION) AS definition
      FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL
      GROUP BY CONSTRAINT_NAME, TABLE_NAME`,
  },
  {
    kind: 'unique',
    select: `SELECT INDEX_NAME AS name, TABLE_NAME AS \`table\`, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS definition
      FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 GROUP BY INDEX_NAME, TABLE_NAME`,
  },
  {
    kind: 'trigger',
    select: `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, ACTION_STATEMENT AS definition,
      ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION = 'INSERT' AS fills
      FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
  },
];
