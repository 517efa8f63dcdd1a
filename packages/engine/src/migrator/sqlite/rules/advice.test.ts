// Every safe form that the lint prints, run on a real SQLite at its place in a history: it must pass the lint, run, and leave
// what the statement itself would have made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type Advice, adviceIn, faultsOf, statementsIn } from '../../testing/advice.ts';
import { casesOf, expectedOf, lintSections, reported, type Section } from '../../testing/sections.ts';
import { sqliteDialect } from '../dialect.ts';

type Connection = InstanceType<typeof Database>;

const corpus = (name: string) => casesOf(readFileSync(join(import.meta.dirname, 'corpus', name), 'utf8'));
/** What the cases of hazards.sql are based on; what they add is removed before. */
const given = `CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, mail TEXT, legacy TEXT, level INTEGER, age INTEGER, "E-Mail" TEXT,
  CONSTRAINT users_age CHECK (age > 0));
CREATE TABLE sessions (id INTEGER PRIMARY KEY); CREATE TABLE plans (id INTEGER PRIMARY KEY); CREATE TABLE audit (id INTEGER);
CREATE TABLE legacy_users (id INTEGER); CREATE VIEW adults AS SELECT id FROM users;
CREATE TRIGGER users_changed AFTER UPDATE ON users BEGIN SELECT 1; END;
INSERT INTO users (id, email, mail, age) VALUES (1, 'A', 'a', 1), (2, 'B', 'b', 2), (3, NULL, 'c', 3); INSERT INTO sessions VALUES (1), (2);`;

describe.each(['hazards.sql', 'histories.sql'])('advice over %s', (name) => {
  const cases = corpus(name);
  const all = cases.flatMap((each) => adviceIn(sqliteDialect, each));

  it('is plenty', () => {
    console.info(`${name}: ${all.length} safe forms`);
    expect(all.length).toBeGreaterThan(8);
  });

  it.each(name === 'histories.sql' ? cases : [])('is based on a hazard that is found: $title', (each) => {
    expect(reported(lintSections(sqliteDialect, each.sections))).toEqual(expectedOf(each));
  });

  it.each(all)('passes the lint itself: $title', (advice) => {
    expect(faultsOf(sqliteDialect, advice), advice.finding.safe).toEqual([]);
  });

  it.each(all)('makes what the statement makes: $title', (advice) => {
    const start = name === 'hazards.sql' ? given : '';
    const ofStatement = outcome(start, advice, [advice.original]);
    const ofAdvice = outcome(start, advice, advice.safe);
    if (typeof ofAdvice === 'string' && ofAdvice === ofStatement) return; // what hangs on it is in the way of both
    if (typeof ofAdvice === 'string') throw new Error(`${ofAdvice}: ${advice.finding.safe}`);
    // SQLite refuses it for a table with rows; or the finding says what is to be carried over by hand.
    if (typeof ofStatement === 'string' || advice.finding.message.includes('these migrations do not show what')) return;
    const isOther = byDesign[advice.finding.rule];
    const differing = [
      ...ofStatement.filter((line) => !ofAdvice.includes(line)).map((line) => `- ${line}`),
      ...ofAdvice.filter((line) => !ofStatement.includes(line)).map((line) => `+ ${line}`),
    ];
    expect(
      differing.filter((line) => isOther?.test(line) !== true),
      advice.finding.safe,
    ).toEqual([]);
  });
});

/** Where the advice is another thing than the statement, as its page says. */
const byDesign: Readonly<Record<string, RegExp>> = { 'renaming-table': /./ };

/** Columns, indexes, views, triggers and rows afterwards, or why SQLite refused. */
function outcome(start: string, advice: Advice, sections: readonly Section[]): readonly string[] | string {
  const database = new Database(':memory:');
  try {
    database.exec(start);
    if (start !== '')
      for (const sql of [...advice.before, advice.original].flatMap(roomFor)) attempt(() => database.exec(sql));
    for (const section of advice.before) run(database, section);
    const failed = attempt(() => {
      for (const section of sections) run(database, section);
    });
    return failed ?? linesOf(database);
  } finally {
    database.close();
  }
}

const roomFor = ({ text }: Section): readonly string[] => [
  ...[...text.matchAll(/(?:ADD COLUMN|RENAME .* TO) (\w+)/g)].map(
    ([, column]) => `ALTER TABLE users DROP COLUMN ${column}`,
  ),
  ...[...text.matchAll(/ADD CONSTRAINT (\w+)/g)].map(([, name]) => `ALTER TABLE users DROP CONSTRAINT ${name}`),
];

function attempt(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function run(database: Connection, { stage, text }: Section): void {
  const [, table = ''] = /^-- @table (.*)$/m.exec(text) ?? [];
  const [, key = ''] = /^-- @key (.*)$/m.exec(text) ?? [];
  for (const { text: sql } of statementsIn(sqliteDialect, text)) {
    if (stage === 'contract') fillRequired(database, sql);
    if (stage !== 'backfill') database.exec(sql);
    else {
      const bounds = database.prepare(`SELECT min(${key}) AS "from", max(${key}) AS "to" FROM ${table}`).get();
      database.prepare(sql).run(bounds as object);
    }
  }
}

/** What the new release has written into its new column by then. */
function fillRequired(database: Connection, sql: string): void {
  const [, table, column] = /^ALTER TABLE (\S+) ALTER COLUMN (\S+) SET NOT NULL/.exec(sql) ?? [];
  if (table !== undefined) database.exec(`UPDATE ${table} SET ${column} = rowid WHERE ${column} IS NULL`);
}

function linesOf(database: Connection): readonly string[] {
  const rows = (sql: string): readonly Record<string, unknown>[] =>
    database.prepare(sql).all() as Record<string, unknown>[];
  const tables = rows(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).map(
    ({ name }) => String(name),
  );
  return [
    ...rows(`SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')`).map(
      ({ type, name }) => `${type} ${name}`,
    ),
    ...tables.flatMap((table) => [
      ...rows(`PRAGMA table_xinfo("${table}")`).map(
        ({ name, type, notnull, dflt_value: value, pk, hidden }) =>
          `${table}.${name}: ${[type, notnull, value, pk, hidden].join(' ')}`,
      ),
      ...rows(`PRAGMA index_list("${table}")`).map(
        ({ name, unique, partial }) =>
          `index ${table}: ${unique} ${partial} ${rows(`PRAGMA index_xinfo("${name}")`)
            .map((each) => each.name)
            .join(', ')}`,
      ),
      ...rows(`SELECT * FROM "${table}"`).map(
        (row) => `row ${table} ${JSON.stringify(Object.entries(row).toSorted())}`,
      ),
    ]),
  ];
}
