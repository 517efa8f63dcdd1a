// The schema as names and definitions, from information_schema.

import type { Catalog } from '../database.ts';
import type { LedgerTables } from './ledger.ts';
import type { Row, Session } from './session.ts';

/** Grants are not in it: a role sees only its own. Nor is what rows change, such as the next number of a key. */
export async function readCatalog({ ask }: Session, { ledger, catalog }: LedgerTables): Promise<Catalog> {
  const objects: [string, string][] = [];
  for (const { kind, select } of sources)
    for (const { object, name, ...definition } of await ask(select)) {
      if (object === ledger || object === catalog) continue;
      objects.push([`${kind} ${name === null ? object : `${object}.${name}`}`, described(definition)]);
    }
  return Object.fromEntries(objects.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function described(definition: Row): string {
  return Object.entries(definition)
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

interface Source {
  readonly kind: string;
  /** `object`, `name` within it or NULL; the other columns are its definition. */
  readonly select: string;
}

const here = (column: string): string => `WHERE ${column} = DATABASE()`;

const sources: readonly Source[] = [
  {
    kind: 'table',
    select: `SELECT TABLE_NAME AS object, NULL AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_COLLATION AS collation,
      CREATE_OPTIONS AS options, TABLE_COMMENT AS comment
      FROM information_schema.TABLES ${here('TABLE_SCHEMA')} AND TABLE_TYPE <> 'VIEW'`,
  },
  {
    kind: 'column',
    select: `SELECT c.TABLE_NAME AS object, c.COLUMN_NAME AS name, c.COLUMN_TYPE AS type, c.IS_NULLABLE AS nullable,
      c.COLUMN_DEFAULT AS \`default\`, c.EXTRA AS extra, c.GENERATION_EXPRESSION AS expression, c.COLLATION_NAME AS collation,
      c.COLUMN_COMMENT AS comment
      FROM information_schema.COLUMNS c ${here('c.TABLE_SCHEMA')}`,
  },
  {
    kind: 'index',
    select: `SELECT TABLE_NAME AS object, INDEX_NAME AS name, MIN(NON_UNIQUE) AS repeats, MIN(INDEX_TYPE) AS type,
      GROUP_CONCAT(CONCAT(COALESCE(COLUMN_NAME, ''), '(', COALESCE(SUB_PART, ''), ')', COALESCE(COLLATION, ''))
        ORDER BY SEQ_IN_INDEX SEPARATOR ' ') AS columns
      FROM information_schema.STATISTICS ${here('TABLE_SCHEMA')} GROUP BY TABLE_NAME, INDEX_NAME`,
  },
  {
    kind: 'foreign key',
    select: `SELECT k.TABLE_NAME AS object, k.CONSTRAINT_NAME AS name, MIN(r.UPDATE_RULE) AS on_update,
      MIN(r.DELETE_RULE) AS on_delete,
      GROUP_CONCAT(CONCAT(k.COLUMN_NAME, '→', k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME)
        ORDER BY k.ORDINAL_POSITION SEPARATOR ' ') AS columns
      FROM information_schema.KEY_COLUMN_USAGE k
      JOIN information_schema.REFERENTIAL_CONSTRAINTS r
        ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
      ${here('k.TABLE_SCHEMA')} AND k.REFERENCED_TABLE_NAME IS NOT NULL GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME`,
  },
  {
    kind: 'check',
    select: `SELECT t.TABLE_NAME AS object, t.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS expression
      FROM information_schema.TABLE_CONSTRAINTS t
      JOIN information_schema.CHECK_CONSTRAINTS c
        ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
      ${here('t.TABLE_SCHEMA')} AND t.CONSTRAINT_TYPE = 'CHECK'`,
  },
  {
    kind: 'view',
    select: `SELECT TABLE_NAME AS object, NULL AS name, SHA2(VIEW_DEFINITION, 256) AS body, SECURITY_TYPE AS security
      FROM information_schema.VIEWS ${here('TABLE_SCHEMA')}`,
  },
  {
    kind: 'trigger',
    select: `SELECT EVENT_OBJECT_TABLE AS object, TRIGGER_NAME AS name, ACTION_TIMING AS timing, EVENT_MANIPULATION AS event,
      SHA2(ACTION_STATEMENT, 256) AS body FROM information_schema.TRIGGERS ${here('TRIGGER_SCHEMA')}`,
  },
  {
    kind: 'routine',
    select: `SELECT ROUTINE_NAME AS object, NULL AS name, ROUTINE_TYPE AS type, DTD_IDENTIFIER AS returns,
      SHA2(ROUTINE_DEFINITION, 256) AS body FROM information_schema.ROUTINES ${here('ROUTINE_SCHEMA')}`,
  },
  {
    kind: 'event',
    select: `SELECT EVENT_NAME AS object, NULL AS name, STATUS AS status, INTERVAL_VALUE AS every, INTERVAL_FIELD AS unit,
      SHA2(EVENT_DEFINITION, 256) AS body FROM information_schema.EVENTS ${here('EVENT_SCHEMA')}`,
  },
];
