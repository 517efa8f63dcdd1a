// The schema as SQLite stores it: the text of each definition in parts, so that a change is reported by the name of the
// changed object, and with normalized white space.

import type { CreateTableStmt } from 'sqlite3-parser';
import type { Catalog } from '../database.ts';
import type { Connection, Row } from './connection.ts';
import { parseSqlite } from './parse.ts';

/** @param without tables that are not the application's */
export async function readSchema(connection: Connection, without: readonly string[]): Promise<Catalog> {
  // Indexes that SQLite makes for a constraint have no text; its internal objects begin with sqlite_.
  const sql =
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'";
  const rows = (await connection.rows(sql)).filter(({ tbl_name }) => !without.includes(String(tbl_name)));
  const entries = rows.flatMap(entriesOf);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Entry = readonly [name: string, definition: string];

function entriesOf({ type, name, sql }: Row): readonly Entry[] {
  const text = String(sql);
  const parsed = type === 'table' ? parseSqlite(text) : undefined;
  const table = parsed?.ok ? parsed.statements[0]?.node : undefined;
  if (table?.type !== 'CreateTableStmt') return [[`${type} ${name}`, even(text)]];
  return entriesOfTable(String(name), text, table);
}

function entriesOfTable(name: string, text: string, { body }: CreateTableStmt): readonly Entry[] {
  if (body.type !== 'ColumnsAndConstraintsCreateTableBody') return [[`table ${name}`, even(text)]];
  const columns = body.columns.map(({ colName, span }): Entry => {
    const definition = text.slice(colName.span.offset + colName.span.length, span.offset + span.length);
    return [`column ${name}.${colName.text}`, even(definition)];
  });
  const lastColumn = body.columns.at(-1)?.span;
  // What follows the columns: constraints of the table, and its options.
  const rest = even(text.slice(lastColumn ? lastColumn.offset + lastColumn.length : 0));
  return [[`table ${name}`, rest], ...columns];
}

const even = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
