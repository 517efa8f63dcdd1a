// SQLite, without a database.

import { ownModule } from '../../lib/own-files.ts';
import type { Dialect } from '../dialect.ts';
import { judge } from '../lint/judge.ts';
import type { Grammar } from '../lint/rule.ts';
import { fingerprintSqlite, parseSqlite, type SqliteStatement } from './parse.ts';
import { emptyHistory, enter, type History, observe } from './rules/history.ts';
import { reverseSqlite, sqliteRules } from './rules/rules.ts';

const grammar: Grammar<SqliteStatement, History> = {
  parse: parseSqlite,
  rules: sqliteRules,
  history: emptyHistory,
  enter,
  observe,
  reverse: reverseSqlite,
};

export const sqliteDialect: Dialect = {
  kind: 'sqlite',
  module: ownModule(import.meta.url, 'dialect-sqlite'),
  transactionalSchema: true,
  batchMs: 100, // it holds the lock that every writer needs
  rules: grammar.rules.map(({ id }) => id),
  load: async () => {}, // the grammar is plain JavaScript
  split: parseSqlite,
  fingerprint: fingerprintSqlite,
  lint: (migrations, options) => judge(migrations, grammar, options),
};
