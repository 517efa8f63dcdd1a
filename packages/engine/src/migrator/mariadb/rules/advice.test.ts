// Every safe form that the lint prints, run on a real MariaDB at its place in a history: it must pass the lint, run, and
// leave what the statement itself would have made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Advice, adviceIn, faultsOf, statementsIn } from '../../testing/advice.ts';
import { type MariadbServer, startMariadb } from '../../testing/mariadb-server.ts';
import { casesOf, type Section } from '../../testing/sections.ts';
import { readAddress } from '../address.ts';
import { readCatalog } from '../catalog.ts';
import { mariadbDialect } from '../dialect.ts';
import { ledgerTables } from '../ledger.ts';
import { parseMariadb, withBounds } from '../parse.ts';
import { connect, type Session } from '../session.ts';

const given = `CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50), email VARCHAR(100), nick VARCHAR(20), age INT DEFAULT 1, legacy TEXT);
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, total INT, KEY orders_user_id (user_id));
CREATE TABLE sessions (id INT PRIMARY KEY, user_id INT);
CREATE TABLE audit (id INT PRIMARY KEY, what TEXT);
CREATE TABLE \`order items\` (id INT PRIMARY KEY, note TEXT);
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
INSERT INTO users (name, email, nick, age) VALUES ('a', 'a@x', 'A', 20), ('b', 'b@x', 'B', 30), ('c', 'c@x', '', 40);
INSERT INTO orders VALUES (1, 1, 3), (2, 2, 9); INSERT INTO sessions VALUES (1, 1); INSERT INTO \`order items\` VALUES (1, 'y');`;

const cases = casesOf(readFileSync(join(import.meta.dirname, 'corpus/advice.sql'), 'utf8'));
const all = cases.flatMap((each) => adviceIn(mariadbDialect, each));
let server: MariadbServer;
/** The same each time: definitions of views hold it. */
const name = 'shop';

beforeAll(async () => {
  server = await startMariadb();
}, 120_000);
afterAll(() => server.stop());

it('is plenty', () => {
  console.info(`${all.length} safe forms of ${cases.length} cases`);
  expect(all.length).toBeGreaterThan(25);
});

it.each(all)('passes the lint itself: $title', (advice) => {
  expect(faultsOf(mariadbDialect, advice), advice.finding.safe).toEqual([]);
});

describe('on the server', () => {
  it.each(all)('makes what the statement makes: $title', async (advice) => {
    const ofStatement = await outcome(advice, [advice.original]);
    const ofAdvice = await outcome(advice, advice.safe);
    expect(ofAdvice.problem, advice.finding.safe).toBeUndefined();
    if (ofStatement.problem !== undefined) return; // a table with rows refuses it
    const isOther = byDesign[advice.finding.rule];
    const differing = [
      ...ofStatement.lines.filter((line) => !ofAdvice.lines.includes(line)).map((line) => `- ${line}`),
      ...ofAdvice.lines.filter((line) => !ofStatement.lines.includes(line)).map((line) => `+ ${line}`),
    ];
    expect(
      differing.filter((line) => isOther?.test(line) !== true),
      advice.finding.safe,
    ).toEqual([]);
  });
});

it('keeps a column that must have a value in step with its new name, whichever of the two a release writes', async () => {
  const advice = all.find(({ title }) => title.startsWith('a column under a new name: '));
  if (!advice) throw new Error('there is no such case');
  const root = await server.connect();
  await root.query(`DROP DATABASE IF EXISTS ${name}`);
  await root.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await root.end();
  const session = await connect(readAddress(server.url(name)));
  for (const section of [...advice.before, ...advice.safe.filter(({ stage }) => stage === 'expand')])
    await runSection(session, section);
  await session.ask("INSERT INTO people (id, name) VALUES (1, 'old')");
  await session.ask("INSERT INTO people (id, full_name) VALUES (2, 'new')");
  await session.ask("UPDATE people SET full_name = 'new says' WHERE id = 1");
  await session.ask("UPDATE people SET name = 'old says' WHERE id = 2");
  expect(await session.ask('SELECT name, full_name FROM people ORDER BY id')).toEqual([
    { name: 'new says', full_name: 'new says' },
    { name: 'old says', full_name: 'old says' },
  ]);
  await session.close();
});

/** Where the advice is another thing than the statement, as its page says. */
const byDesign: Readonly<Record<string, RegExp>> = {
  'adding-stored-generated-field': /column users\.twice/,
  // The table keeps its name, and the view has the new one.
  'renaming-table': /./,
  // A value that the server fills in was chosen by no release.
  'adding-required-field': /^[-+] row /,
};

interface Outcome {
  readonly lines: readonly string[];
  readonly problem: string | undefined;
}

async function outcome(advice: Advice, sections: readonly Section[]): Promise<Outcome> {
  const root = await server.connect();
  await root.query(`DROP DATABASE IF EXISTS ${name}`);
  await root.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const session = await connect(readAddress(server.url(name)));
  try {
    for (const { text } of statementsIn(mariadbDialect, given)) await session.ask(text);
    for (const section of advice.before) await runSection(session, section);
    const problem = await runAll(session, sections);
    return { lines: problem === undefined ? await linesOf(session) : [], problem };
  } finally {
    await session.close();
    await root.end();
  }
}

async function runAll(session: Session, sections: readonly Section[]): Promise<string | undefined> {
  try {
    for (const section of sections) await runSection(session, section);
    return undefined;
  } catch (thrown) {
    return String(thrown);
  }
}

async function runSection(session: Session, { stage, text }: Section): Promise<void> {
  const [, table = ''] = /^-- @table (.*)$/m.exec(text) ?? [];
  const [, key = ''] = /^-- @key (.*)$/m.exec(text) ?? [];
  const parsed = parseMariadb(text);
  if (!parsed.ok) throw new Error(`${parsed.problem.problem}: ${text}`);
  for (const statement of parsed.statements) {
    if (stage !== 'backfill') await session.ask(statement.text);
    else {
      const [bounds] = await session.ask(`SELECT MIN(${key}) AS first, MAX(${key}) AS last FROM ${table}`);
      await session.ask(withBounds(statement, { from: String(bounds?.first), to: String(bounds?.last) }));
    }
  }
}

async function linesOf(session: Session): Promise<readonly string[]> {
  const catalog = await readCatalog(session, ledgerTables('schema_migrations'));
  const tables = await session.ask(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
  );
  const rows: string[] = [];
  for (const { name } of tables)
    for (const row of await session.ask(`SELECT * FROM \`${name}\``))
      rows.push(`row ${name} ${JSON.stringify(Object.entries(row).toSorted())}`);
  return [...Object.entries(catalog).map(([object, definition]) => `${object}: ${definition}`), ...rows];
}
