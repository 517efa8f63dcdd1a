// What the engine asks its database while a test works, and which of these questions take longer with every row that a
// table gets: found by the plans of SQLite, so that no test needs a large table.

import Database from 'better-sqlite3';

/** Tables that get rows for as long as the engine is used. */
const growing: Readonly<Record<string, readonly string[]>> = {
  // For each, the columns that name a handful of rows: a question by one of them is answered as fast as ever.
  audit: ['seq', 'hash', 'deployment_id', '<expr>'],
  deployments: ['id', 'version', 'from_version'],
  steps: ['deployment_id'],
  approvals: ['id', 'deployment_id'],
  votes: ['approval_id'],
  signals: ['seq', 'deployment_id'],
  builds: ['id', 'version', 'run', '<expr>'],
  inbox: ['id', 'delivery', 'content'],
  inbox_bodies: ['id'],
  outbox: ['key'],
  releases: ['version', 'folder'],
  waiting: ['id', 'deployment_id'],
  contracts: ['id'],
  contract_votes: ['contract_id'],
  heads: ['seq'],
  snapshots: ['key'],
  seen: ['key'],
};

/** Indexes of what is under way now, which is little at any age of the state. */
const ofNow = [
  'one_live_deployment',
  'one_contract_at_a_time',
  'waiting_now',
  'inbox_waiting',
  'outbox_waiting',
  'outbox_unfinished',
];

export interface Recording {
  readonly statements: ReadonlySet<string>;
  stop(): void;
}

/** Every statement that any connection of this process prepares from now on. */
export function recordStatements(): Recording {
  const statements = new Set<string>();
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function recorded(this: Database.Database, source: string) {
    statements.add(source);
    return prepare.call(this, source);
  } as typeof prepare;
  return {
    statements,
    stop: () => {
      Database.prototype.prepare = prepare;
    },
  };
}

/** What the triggers of a database ask at each write, with parameters for the values of the row. */
export function questionsOfTriggers(client: Database.Database): readonly string[] {
  const triggers = client.prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger'").pluck().all() as string[];
  return triggers.flatMap((sql) => selectsIn(sql).map((select) => select.replaceAll(/\b(new|old)\.\w+/gi, '?')));
}

/** The questions in brackets, each up to the bracket that closes it. */
function selectsIn(sql: string): readonly string[] {
  return [...sql.matchAll(/\(\s*(?=select\b)/gi)].map(({ index, 0: { length } }) => {
    const from = index + length;
    let depth = 1;
    let end = from;
    for (; end < sql.length && depth > 0; end += 1) depth += { '(': 1, ')': -1 }[sql[end] ?? ''] ?? 0;
    return sql.slice(from, end - 1);
  });
}

export interface GrowingQuestion {
  readonly statement: string;
  readonly table: string;
  readonly plan: string;
}

/** Statements whose work grows with a table. */
export function growingQuestions(client: Database.Database, statements: Iterable<string>): readonly GrowingQuestion[] {
  return [...statements].flatMap((statement) => {
    if (!/^\s*(select|insert|update|delete|with)\b/i.test(statement)) return [];
    const plan = planOf(client, statement);
    return plan.flatMap((line) => {
      const [, table = ''] = /^(?:SCAN|SEARCH) (\w+)/.exec(line) ?? [];
      const naming = growing[table];
      if (naming === undefined || isBounded(client, { statement, plan, line, table, naming })) return [];
      return [{ statement, table, plan: plan.join('; ') }];
    });
  });
}

function planOf(client: Database.Database, statement: string): readonly string[] {
  const rows = client.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...nothingFor(statement)) as readonly {
    readonly detail: string;
  }[];
  return rows.map(({ detail }) => detail);
}

/** A plan does not depend on the values. */
function nothingFor(statement: string): readonly unknown[] {
  const named = [...statement.matchAll(/[@:$]([a-z]\w*)/gi)].map(([, name = '']) => [name, null] as const);
  if (named.length > 0 && !statement.includes('?')) return [Object.fromEntries(named)];
  return Array.from({ length: statement.replaceAll(/'[^']*'/g, '').split('?').length - 1 }, () => null);
}

interface Step {
  readonly statement: string;
  readonly plan: readonly string[];
  readonly line: string;
  readonly table: string;
  readonly naming: readonly string[];
}

function isBounded(client: Database.Database, step: Step): boolean {
  const { line, statement, plan, naming } = step;
  const index = /USING (?:COVERING )?INDEX (\w+)/.exec(line)?.[1];
  if (index !== undefined && ofNow.includes(index)) return true;
  // The smallest or largest of an index.
  if (line.startsWith('SEARCH') && !line.includes('(') && /\b(max|min)\(/i.test(statement)) return true;
  const asked = constraintsOf(client, step);
  if (asked.some(({ column, is }) => is === '=' && naming.includes(column))) return true;
  const isLimited = /\blimit\b/i.test(statement) && !plan.some((each) => each.includes('USE TEMP B-TREE'));
  return (
    isLimited &&
    unanswered(client, step, [...asked.map(({ column }) => column), ...whereOf(client, index)]).length === 0
  );
}

interface Constraint {
  readonly column: string;
  readonly is: string;
}

/** Of `SEARCH audit USING INDEX audit_by_deployment (deployment_id=?)`: the columns, and how each is used. */
function constraintsOf(client: Database.Database, { line, table }: Step): readonly Constraint[] {
  const [, text = ''] = /\((.*)\)$/.exec(line) ?? [];
  const [key = 'rowid'] = client
    .prepare(`SELECT name FROM pragma_table_info('${table}') WHERE pk = 1 AND lower(type) = 'integer'`)
    .pluck()
    .all() as string[];
  return text
    .split(' AND ')
    .map((each) => /^(<expr>|\w+)(=|<|>)/.exec(each))
    .flatMap((found) => (found ? [{ column: found[1] === 'rowid' ? key : (found[1] ?? ''), is: found[2] ?? '' }] : []));
}

/** Columns that a partial index answers by being used. */
function whereOf(client: Database.Database, index: string | undefined): readonly string[] {
  if (index === undefined) return [];
  const sql = client.prepare('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(index) as string | null;
  return wordsOf(/\bwhere\b([\s\S]*)$/i.exec(sql ?? '')?.[1] ?? '');
}

/** Columns of the condition that are looked at row by row: rows without end may be passed over for one that is found. */
function unanswered(
  client: Database.Database,
  { statement, table }: Step,
  answered: readonly string[],
): readonly string[] {
  const columns = client.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all() as string[];
  const condition = /\bwhere\b([\s\S]*?)(\border by\b|\blimit\b|\breturning\b|$)/i.exec(statement)?.[1] ?? '';
  return wordsOf(condition).filter((word) => columns.includes(word) && !answered.includes(word));
}

const wordsOf = (text: string): readonly string[] => text.replaceAll(/'[^']*'/g, '').match(/\w+/g) ?? [];
