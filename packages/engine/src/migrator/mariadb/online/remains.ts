// What a tool leaves in the database when it is cut off, and whether its change has happened. Tables and triggers are known
// by the names that pt-online-schema-change and gh-ost give them; what was there before the run is never touched.

import { createHash } from 'node:crypto';
import type { Session } from '../session.ts';

/** Written down before the tool begins. */
export interface Before {
  /** Of the table, its columns, indexes and checks; undefined where there is no such table. */
  readonly look: string | undefined;
  /** The server's number of the table, which a swap changes. */
  readonly tableId: string | undefined;
  readonly tables: readonly string[];
  readonly triggers: readonly string[];
}

export interface Remains {
  readonly table: 'as before' | 'changed' | 'gone';
  /** Half-filled copies, and a log of changes. */
  readonly ghosts: readonly string[];
  /** The table as it was, after the swap. */
  readonly replaced: readonly string[];
  readonly triggers: readonly string[];
}

/** `_users_new`, `_users_old` of the one tool; `_users_gho`, `_users_ghc`, `_users_del` of the other. */
export const suffixes = ['new', 'old', 'gho', 'ghc', 'del'] as const;

export async function lookAt(session: Session, table: string): Promise<Before> {
  const [look, tableId, tables, triggers] = [
    await lookOf(session, table),
    await idOf(session, table),
    await tablesOf(session, table),
    await triggersOf(session, table),
  ];
  return { look, tableId, tables, triggers };
}

export async function remainsOf(session: Session, table: string, before: Before): Promise<Remains> {
  const now = await lookAt(session, table);
  const added = now.tables.filter((name) => !before.tables.includes(name));
  const isSwapped = now.look !== before.look || (now.tableId ?? '') !== (before.tableId ?? '');
  return {
    table: now.look === undefined ? 'gone' : isSwapped ? 'changed' : 'as before',
    ghosts: added.filter((name) => /_(?:new|gho|ghc)$/.test(name)),
    replaced: added.filter((name) => /_(?:old|del)$/.test(name)),
    triggers: now.triggers.filter((name) => !before.triggers.includes(name)),
  };
}

/** Without triggers, which the tool adds and removes. */
async function lookOf({ ask }: Session, table: string): Promise<string | undefined> {
  const [found] = await ask(
    `SELECT 1 AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND TABLE_TYPE <> 'VIEW'`,
    [table],
  );
  if (!found) return undefined;
  const [shown] = await ask(`SHOW CREATE TABLE \`${table}\``);
  const text = String(shown?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
  return createHash('sha256').update(text).digest('hex');
}

/** MariaDB calls the view INNODB_SYS_TABLES, MySQL INNODB_TABLES; without the right PROCESS, CREATE_TIME is used. */
async function idOf({ ask }: Session, table: string): Promise<string | undefined> {
  for (const view of ['INNODB_SYS_TABLES', 'INNODB_TABLES']) {
    const rows = await ask(
      `SELECT TABLE_ID AS id FROM information_schema.${view} WHERE NAME = CONCAT(DATABASE(), '/', ?)`,
      [table],
    ).catch(() => undefined);
    if (rows) return rows[0] === undefined ? undefined : String(rows[0].id);
  }
  const [made] = await ask(
    'SELECT CREATE_TIME AS at FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table],
  );
  return made === undefined ? undefined : String(made.at);
}

async function tablesOf({ ask }: Session, table: string): Promise<readonly string[]> {
  const pattern = new RegExp(`^_+${table.replaceAll('$', '\\$')}_(?:${suffixes.join('|')})$`, 'i');
  const rows = await ask(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LEFT(TABLE_NAME, 1) = ?',
    ['_'],
  );
  return rows.map(({ name }) => String(name)).filter((name) => pattern.test(name));
}

/** They go with the table when it is swapped. */
async function triggersOf({ ask }: Session, table: string): Promise<readonly string[]> {
  const rows = await ask(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS onto FROM information_schema.TRIGGERS
     WHERE TRIGGER_SCHEMA = DATABASE() AND LEFT(TRIGGER_NAME, 7) = 'pt_osc_'`,
  );
  const own = new RegExp(`^(?:_+${table.replaceAll('$', '\\$')}_old|${table.replaceAll('$', '\\$')})$`, 'i');
  return rows.filter(({ onto }) => own.test(String(onto))).map(({ name }) => String(name));
}
