// MariaDB and MySQL without a server: what the text shows. Only the server says whether writers wait: ask.ts.

import { ownModule } from '../../lib/own-files.ts';
import type { Dialect } from '../dialect.ts';
import { judge } from '../lint/judge.ts';
import type { Grammar } from '../lint/rule.ts';
import { onlineProblems } from './online/lint.ts';
import { fingerprintMariadb, type MariadbStatement, parseMariadb } from './parse.ts';
import { columnRules } from './rules/column-rules.ts';
import { emptyHistory, enter, type History, observe } from './rules/history.ts';
import { reverseMariadb } from './rules/reverse.ts';
import { runRules } from './rules/run-rules.ts';
import { tableRules } from './rules/table-rules.ts';
import { wholeMariadb } from './rules/whole.ts';

const grammar: Grammar<MariadbStatement, History> = {
  parse: parseMariadb,
  rules: [...columnRules, ...tableRules, ...runRules],
  history: emptyHistory,
  enter,
  observe,
  reverse: reverseMariadb,
  online: onlineProblems,
  whole: (statement, _scene, check) => wholeMariadb(statement, check(statement)),
};

export const mariadbDialect: Dialect = {
  kind: 'mariadb',
  module: ownModule(import.meta.url, 'dialect-mariadb'),
  transactionalSchema: false,
  batchMs: 500,
  rules: grammar.rules.map(({ id }) => id),
  load: async () => {},
  split: parseMariadb,
  fingerprint: fingerprintMariadb,
  lint: (migrations, options) => judge(migrations, grammar, options),
};
