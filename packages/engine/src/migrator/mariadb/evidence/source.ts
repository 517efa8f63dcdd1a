// A schema as the statements that make it, without rows, and made again from them.

import { messageOf } from '../../../lib/errors.ts';
import { MigrationError } from '../../error.ts';
import { quoted } from '../rules/tokens-of.ts';
import type { Row, Session } from '../session.ts';

export interface Source {
  readonly charset: string;
  readonly collation: string;
  /** In an order in which they can be made; views may need one another. */
  readonly tables: readonly string[];
  readonly routines: readonly string[];
  readonly views: readonly string[];
  readonly triggers: readonly string[];
  /** Objects whose text the role may not see. */
  readonly hidden: readonly string[];
}

export async function readSource(session: Session, database: string, leftOut: readonly string[]): Promise<Source> {
  const { ask } = session;
  const [schema] = await ask('SELECT @@character_set_database AS charset, @@collation_database AS collation');
  const hidden: string[] = [];
  const textsOf = async (kind: string, column: string, rows: readonly Row[]): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (const { name } of rows) {
      if (leftOut.includes(String(name))) continue;
      const [shown] = await ask(`SHOW CREATE ${kind} \`${String(name).replaceAll('`', '``')}\``);
      const text = shown?.[column];
      if (typeof text === 'string') texts.push(withoutPlace(text, database));
      else hidden.push(`${kind.toLowerCase()} ${name}`);
    }
    return texts;
  };
  const routines = (kind: string) =>
    ask(
      'SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = ?',
      [kind],
    );
  const tables = (kind: string) =>
    ask('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = ?', [
      kind,
    ]);
  return {
    charset: String(schema?.charset),
    collation: String(schema?.collation),
    tables: await textsOf('TABLE', 'Create Table', await tables('BASE TABLE')),
    routines: [
      ...(await textsOf('FUNCTION', 'Create Function', await routines('FUNCTION'))),
      ...(await textsOf('PROCEDURE', 'Create Procedure', await routines('PROCEDURE'))),
    ],
    views: await textsOf('VIEW', 'Create View', await tables('VIEW')),
    triggers: await textsOf(
      'TRIGGER',
      'SQL Original Statement',
      await ask(
        'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY ACTION_ORDER',
      ),
    ),
    hidden,
  };
}

/** Neither the database's name nor who made it: both are production's. */
function withoutPlace(text: string, database: string): string {
  return text
    .replaceAll(`\`${database.replaceAll('`', '``')}\`.`, '')
    .replace(/\bDEFINER\s*=\s*`(?:[^`]|``)*`@`(?:[^`]|``)*`\s*/i, '')
    .replace(/\bAUTO_INCREMENT=\d+\s*/, '');
}

/** @param session on an empty database. @throws MigrationError `failed` */
export async function makeFrom({ ask }: Session, source: Source): Promise<void> {
  // What production holds may be older than the modes that a new table must keep to.
  await ask("SET SESSION foreign_key_checks = 0, sql_mode = ''");
  try {
    for (const text of [...source.tables, ...source.routines]) await ask(text);
    await makeViews(ask, source.views);
    for (const text of source.triggers) await ask(text);
  } catch (thrown) {
    throw new MigrationError('failed', `the schema cannot be copied: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Each round makes those whose tables and views are there; a round that makes none tells why. */
async function makeViews(ask: Session['ask'], views: readonly string[]): Promise<void> {
  let left = views;
  while (left.length > 0) {
    const failed: string[] = [];
    let why: unknown;
    for (const text of left)
      await ask(text).catch((thrown: unknown) => {
        why = thrown;
        failed.push(text);
      });
    if (failed.length === left.length) throw why;
    left = failed;
  }
}

export const createDatabase = (name: string, { charset, collation }: Source): string =>
  `CREATE DATABASE ${quoted(name)} CHARACTER SET ${charset} COLLATE ${collation}`;
