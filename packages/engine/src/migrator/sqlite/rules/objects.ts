// Tables, views, indexes and triggers of SQLite; and what reaches beyond the migration.

import { hazards, noHazard, steps } from '../../lint/rule.ts';
import { type SqliteStatement, wordsOf } from '../parse.ts';
import { type History, isNewColumn, isNewObject, isNewTable, plain } from './history.ts';
import { quoted, type SqliteRule } from './sqlite-rule.ts';

const inContract = ({ text }: SqliteStatement): string => steps(['contract', `${text};`]);

/** The new table that takes the old one's name later in the file: SQLite's way to change what ALTER TABLE cannot. */
const successorOf = ({ takers }: History, old: string): string | undefined => takers.get(old);

const dropTable: SqliteRule = {
  id: 'ban-drop-table',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) => {
    const { node } = statement;
    if (node.type !== 'DropTableStmt') return noHazard;
    const table = plain(node.tblName);
    if (isNewTable(history, table) || successorOf(history, table) !== undefined) return noHazard;
    return [
      { message: `the old release still uses ${table}, and the rows are gone for good`, safe: inContract(statement) },
    ];
  },
};

const rebuilding: SqliteRule = {
  id: 'rebuilding-table',
  classes: ['breaks-old', 'locks'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) => {
    const { node } = statement;
    if (node.type !== 'DropTableStmt') return noHazard;
    const table = plain(node.tblName);
    const successor = successorOf(history, table);
    if (isNewTable(history, table) || successor === undefined) return noHazard;
    return [
      {
        message: `${table} is copied into ${successor} while every writer of the database waits, and the old release meets another table under its name`,
        safe: steps(['contract', ...history.statements.map(({ text }) => `${text};`)]),
      },
    ];
  },
};

const dropObject: SqliteRule = {
  id: 'ban-drop-object',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) => {
    const { node } = statement;
    if (node.type !== 'DropViewStmt' && node.type !== 'DropTriggerStmt') return noHazard;
    const [word, name] =
      node.type === 'DropViewStmt' ? ['view', plain(node.viewName)] : ['trigger', plain(node.triggerName)];
    if (isNewObject(history, name)) return noHazard;
    return [{ message: `the old release relies on the ${word} ${name}`, safe: inContract(statement) }];
  },
};

const renameTable: SqliteRule = {
  id: 'renaming-table',
  classes: ['breaks-old'],
  allowedIn: [],
  check: (statement, { history }) => {
    const { node } = statement;
    if (node.type !== 'AlterTableStmt' || node.body.type !== 'RenameToAlterTableBody') return noHazard;
    const [table, name] = [plain(node.tblName), plain(node.body.name)];
    if (isNewTable(history, table)) return noHazard;
    return [
      {
        message: `the old release asks for ${table}, which is called ${name} now`,
        safe: steps([
          'expand',
          `CREATE VIEW ${quoted(name)} AS SELECT * FROM ${wordsOf(statement, node.tblName.span)};`,
        ]),
      },
    ];
  },
};

const uniqueIndex: SqliteRule = {
  id: 'adding-unique-index',
  classes: ['breaks-old', 'depends-on-data'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history }) => {
    const { node } = statement;
    if (node.type !== 'CreateIndexStmt' || !node.unique) return noHazard;
    const table = plain(node.tblName);
    const isOnNew = node.columns.some(
      ({ expr }) => expr.type === 'Id' && isNewColumn(history, table, expr.name.toLowerCase()),
    );
    if (isNewTable(history, table) || isOnNew) return noHazard;
    return [
      {
        message: `duplicates in ${table} make it fail, and old writes that make them fail afterwards`,
        safe: inContract(statement),
      },
    ];
  },
};

const createTrigger: SqliteRule = {
  id: 'creating-trigger',
  classes: ['breaks-old'],
  allowedIn: ['contract', 'revert'],
  check: (statement, { history, isSync }) => {
    const { node } = statement;
    if (node.type !== 'CreateTriggerStmt' || isSync || isNewTable(history, plain(node.tblName))) return noHazard;
    return [
      {
        message: `it changes what the old release’s writes to ${plain(node.tblName)} do; where it only keeps two columns in step, say -- @sync`,
        safe: inContract(statement),
      },
    ];
  },
};

/** Settings that a transaction ignores, or that outlive the migration; what only reads is harmless. */
const readingPragmas = new Set([
  'foreign_key_check',
  'integrity_check',
  'quick_check',
  'table_info',
  'table_xinfo',
  'index_list',
  'foreign_key_list',
  'user_version',
]);

const pragma: SqliteRule = {
  id: 'pragma-in-migration',
  classes: ['transaction', 'breaks-old'],
  allowedIn: [],
  check: ({ node }) => {
    if (node.type !== 'PragmaStmt' || readingPragmas.has(plain(node.name))) return noHazard;
    return [
      {
        message: `inside a transaction the setting ${plain(node.name)} does nothing, or stays when the migration is over: the engine turns foreign keys off for a rebuild, and checks them`,
        safe: undefined,
      },
    ];
  },
};

const wholeDatabase: SqliteRule = {
  id: 'writing-whole-database',
  classes: ['locks', 'transaction'],
  allowedIn: [],
  check: ({ node }) => {
    if (node.type !== 'VacuumStmt' && node.type !== 'ReindexStmt') return noHazard;
    return [
      {
        message:
          'every writer of the database waits until all of it is written again, and VACUUM is refused inside a transaction',
        safe: undefined,
      },
    ];
  },
};

const opaque: SqliteRule = {
  id: 'opaque-sql',
  classes: ['breaks-old', 'loses-data'],
  allowedIn: [],
  severity: 'review',
  check: ({ node }) =>
    hazards(
      node.type === 'AttachStmt' || node.type === 'DetachStmt'
        ? { message: 'another database file is not what this migration is about: a person must look', safe: undefined }
        : node.type === 'CreateVirtualTableStmt'
          ? {
              message: `what the module ${plain(node.moduleName)} does cannot be seen here: a person must look`,
              safe: undefined,
            }
          : undefined,
    ),
};

const nesting: SqliteRule = {
  id: 'transaction-nesting',
  classes: ['transaction'],
  allowedIn: [],
  check: ({ node }) =>
    ['BeginStmt', 'CommitStmt', 'RollbackStmt'].includes(node.type) &&
    !('savepointName' in node && node.savepointName !== undefined)
      ? [
          {
            message:
              'the engine opens and ends the transaction together with its ledger: this would commit half of the migration, or undo what the ledger says is done',
            safe: undefined,
          },
        ]
      : noHazard,
};

export const objectRules: readonly SqliteRule[] = [
  dropTable,
  rebuilding,
  dropObject,
  renameTable,
  uniqueIndex,
  createTrigger,
  pragma,
  wholeDatabase,
  opaque,
  nesting,
];
