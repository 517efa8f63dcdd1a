import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, SchemaDatabase } from '../database.ts';
import { open } from '../testing/postgres-opener.ts';
import { type PostgresServer, postgresSources, startPostgres } from '../testing/postgres-server.ts';

const schema = `
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
  CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(50) DEFAULT 'x' NOT NULL, mood mood, mail email);
  CREATE TABLE orders (id serial, user_id bigint REFERENCES users, total numeric(10,2) CHECK (total > 0));
  CREATE INDEX orders_by_user ON orders (user_id);
  CREATE VIEW happy AS SELECT name FROM users WHERE mood = 'good';
  CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM users;
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
  CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';
  CREATE TRIGGER shouting BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION shout();
  CREATE POLICY own ON orders FOR SELECT USING (user_id = 1);
  CREATE SEQUENCE tickets;
  CREATE TABLE days (day int) PARTITION BY RANGE (day);`;

/** Hand edits, and the names that the catalog reports for them. */
const edits: readonly (readonly [hand: string, names: readonly string[]])[] = [
  ["ALTER TYPE mood ADD VALUE 'so so'", ['type public.mood']],
  ['ALTER DOMAIN email SET NOT NULL', ['domain public.email']],
  ['ALTER TABLE users ALTER name DROP NOT NULL', ['column public.users.name']],
  ["ALTER TABLE users ALTER name SET DEFAULT 'y'", ['column public.users.name']],
  ['ALTER TABLE orders ALTER total TYPE numeric(12,2)', ['column public.orders.total']],
  ['ALTER TABLE users ADD nick text', ['column public.users.nick']],
  ['ALTER TABLE orders ADD CONSTRAINT small CHECK (total < 9) NOT VALID', ['constraint public.orders.small']],
  ['ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey', ['constraint public.orders.orders_user_id_fkey']],
  ['DROP INDEX orders_by_user', ['index public.orders_by_user']],
  [
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_by_user'::regclass",
    ['index public.orders_by_user'],
  ],
  ['CREATE OR REPLACE VIEW happy AS SELECT name FROM users', ['view public.happy']],
  ['DROP MATERIALIZED VIEW counts', ['materialized view public.counts']],
  [
    "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'",
    ['function public.twice(n integer)'],
  ],
  ['ALTER TABLE users DISABLE TRIGGER shouting', ['trigger public.users.shouting']],
  ['DROP TRIGGER shouting ON users', ['trigger public.users.shouting']],
  ['ALTER POLICY own ON orders USING (true)', ['policy public.orders.own']],
  ['ALTER TABLE orders ENABLE ROW LEVEL SECURITY', ['table public.orders']],
  ['ALTER SEQUENCE tickets INCREMENT 5', ['sequence public.tickets']],
  ['GRANT SELECT ON orders TO pg_monitor', ['grants on public.orders']],
  ['GRANT UPDATE (name) ON users TO pg_monitor', ['grants on public.users.name']],
  [
    'CREATE SCHEMA billing CREATE TABLE invoices (id int)',
    ['column billing.invoices.id', 'schema billing', 'table billing.invoices'],
  ],
];

/** None of these is a hand edit. */
const quiet: readonly string[] = [
  "INSERT INTO users (name) VALUES ('Ann')",
  "SELECT nextval('tickets')",
  'REFRESH MATERIALIZED VIEW counts',
  'CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (1) TO (2)',
  'CREATE TEMPORARY TABLE scratch (id int)',
  'ANALYZE users',
];

describe.each(postgresSources)('the catalog of PostgreSQL of %s', (source) => {
  let server: PostgresServer;
  let database: SchemaDatabase;
  let name: string;
  let before: Catalog;
  beforeAll(async () => {
    server = await startPostgres(source);
    name = await server.createDatabase();
    ({ database } = await open(server.url(name)));
    await server.query(name, schema);
    await database.mark('001_a', { state: 'done' });
    before = await database.catalog();
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  /** On a copy, so that each begins with the same schema. */
  async function differences(hand: string): Promise<readonly string[]> {
    await database.close();
    await server.query('postgres', `CREATE DATABASE edited TEMPLATE ${name}`);
    try {
      await server.query('edited', hand);
      const { database: edited } = await open(server.url('edited'));
      const after = await edited.catalog();
      await edited.close();
      return [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .filter((key) => before[key] !== after[key])
        .sort();
    } finally {
      await server.dropDatabase('edited');
    }
  }

  test('it names every kind of object with its definition', () => {
    expect(before).toMatchObject({
      'table public.users': '',
      'column public.users.name': "character varying(50) not null default 'x'::character varying",
      'column public.users.id': 'bigint not null identity a',
      'index public.orders_by_user': 'CREATE INDEX orders_by_user ON public.orders USING btree (user_id)',
      'constraint public.orders.orders_total_check': 'CHECK ((total > (0)::numeric))',
      'constraint public.orders.orders_user_id_fkey': 'FOREIGN KEY (user_id) REFERENCES users(id)',
      'type public.mood': "enum 'good', 'bad'",
      'policy public.orders.own': 'r permissive to public using (user_id = 1)',
      'table public.days': 'partition by RANGE (day)',
    });
    expect(Object.keys(before).filter((each) => each.includes('schema_migrations'))).toEqual([]);
  });

  test.each(edits)('%s', async (hand, names) => {
    expect(await differences(hand)).toEqual(names);
  });

  test('a change of no definition is no change', async () => {
    for (const each of quiet) expect(await differences(each), each).toEqual([]);
  });
});
