// PostgreSQL, without a server.

import { ownModule } from '../../lib/own-files.ts';
import type { Dialect } from '../dialect.ts';
import { judge } from '../lint/judge.ts';
import type { Grammar } from '../lint/rule.ts';
import { loadGrammar } from './grammar.ts';
import { fingerprintPostgres, type PostgresStatement, parsePostgres } from './parse.ts';
import { emptyHistory, type History } from './rules/history.ts';
import { enter, observe } from './rules/observe.ts';
import { reversePostgres } from './rules/reverse.ts';
import { postgresRules } from './rules/rules.ts';
import { styleRules } from './rules/style.ts';
import { wholeForm } from './rules/together.ts';

const grammar: Grammar<PostgresStatement, History> = {
  parse: parsePostgres,
  rules: postgresRules,
  history: emptyHistory,
  enter,
  observe,
  reverse: reversePostgres,
  whole: wholeForm,
};

export const postgresDialect: Dialect = {
  kind: 'postgres',
  module: ownModule(import.meta.url, 'dialect-postgres'),
  transactionalSchema: true,
  batchMs: 500,
  rules: [...postgresRules, ...styleRules].map(({ id }) => id),
  load: loadGrammar,
  split: parsePostgres,
  fingerprint: fingerprintPostgres,
  lint: (migrations, options = {}) =>
    judge(
      migrations,
      options.withStyle === true ? { ...grammar, rules: [...postgresRules, ...styleRules] } : grammar,
      options,
    ),
};
