import { beforeAll, describe, expect, test } from 'vitest';
import { readPostgresUse } from '../postgres/evidence/use.ts';
import { loadGrammar } from '../postgres/grammar.ts';
import { readSqliteUse } from '../sqlite/evidence/use.ts';
import { type ReadUse, touches } from './needs.ts';

beforeAll(loadGrammar);

const grammars: readonly (readonly [string, ReadUse])[] = [
  ['PostgreSQL', readPostgresUse],
  ['SQLite', readSqliteUse],
];

describe('a need', () => {
  test('of a table is one of its columns, and the other way round; a longer name is another one', () => {
    expect(touches(['users'], 'users.email')).toBe(true);
    expect(touches(['users.email'], 'users')).toBe(true);
    expect(touches(['public.Users'], 'users')).toBe(true);
    expect(touches(['users.email'], 'users.nick')).toBe(false);
    expect(touches(['users'], 'users_old')).toBe(false);
    expect(touches(['users.email_2'], 'users.email')).toBe(false);
  });
});

describe.each(grammars)('what a statement of %s uses', (name, readUse) => {
  const value = name === 'SQLite' ? '?' : '$1';
  const reads = (statement: string) => readUse(statement)?.reads.filter((each) => !each.endsWith('.#'));

  test('is read with its aliases', () => {
    expect(reads('SELECT u.email, o.total FROM users u JOIN orders AS o ON o.user_id = u.id')).toEqual([
      'users.email',
      'orders.total',
      'orders.user_id',
      'users.id',
    ]);
  });

  test('names every table that a bare name may belong to', () => {
    expect(reads('SELECT total FROM users, orders')).toEqual(['users.total', 'orders.total']);
  });

  test('is read in subqueries, and not of what WITH makes', () => {
    expect(
      reads('WITH x AS (SELECT nick FROM users) SELECT x.nick FROM x WHERE EXISTS (SELECT 1 FROM orders)'),
    ).toContain('users.nick');
    expect(readUse('WITH x AS (SELECT 1) SELECT * FROM x')?.stars).toEqual([]);
  });

  test('holds the stars', () => {
    expect(readUse('SELECT * FROM users')?.stars).toEqual(['users']);
    expect(readUse('SELECT o.* FROM users u, orders o')?.stars).toEqual(['orders']);
    expect(readUse(`INSERT INTO users (email) VALUES (${value}) RETURNING *`)?.stars).toEqual(['users']);
    expect(readUse('SELECT count(*) FROM users')?.stars).toEqual([]);
  });

  test('holds the table where no column is named', () => {
    expect(readUse('SELECT count(*) FROM users')?.reads).toEqual(['users.#']);
    expect(touches(readUse('SELECT count(*) FROM users')?.reads ?? [], 'users')).toBe(true);
    expect(touches(readUse('SELECT count(*) FROM users')?.reads ?? [], 'users.nick')).toBe(false);
  });

  test('holds what is written', () => {
    expect(readUse(`UPDATE users SET nick = ${value}, name = 'x' WHERE id = 1`)?.writes).toEqual([
      'users.nick',
      'users.name',
    ]);
    expect(readUse('DELETE FROM users WHERE id = 1')?.writes).toEqual(['users.#']);
    const upsert = "INSERT INTO users (email) VALUES ('x') ON CONFLICT (email) DO UPDATE SET name = excluded.name";
    expect(readUse(upsert)?.writes).toEqual(['users.email', 'users.name']);
  });

  test('holds the columns of an INSERT, or how many values it gives by position', () => {
    expect(readUse(`INSERT INTO users (id, email) VALUES (1, ${value})`)?.inserts).toEqual([
      { table: 'users', columns: ['id', 'email'], values: 2 },
    ]);
    expect(readUse('INSERT INTO users VALUES (1, 2, 3)')?.inserts).toEqual([
      { table: 'users', columns: undefined, values: 3 },
    ]);
    expect(readUse('INSERT INTO users DEFAULT VALUES')?.inserts[0]?.values).toBe(0);
    expect(readUse('INSERT INTO users SELECT * FROM orders')?.inserts[0]?.values).toBeUndefined();
  });

  test('is nothing for what is no single statement', () => {
    expect(readUse('SELEC 1')).toBeUndefined();
    expect(readUse('SELECT 1; SELECT 2')).toBeUndefined();
    expect(readUse('')).toBeUndefined();
  });
});

describe('what a statement of PostgreSQL uses', () => {
  test('holds functions, whole rows and schemas', () => {
    expect(readPostgresUse('SELECT billing.total(u), lower(u.name) FROM users u')).toMatchObject({
      routines: ['billing.total', 'lower'],
      stars: ['users'],
    });
    expect(readPostgresUse('SELECT i.total FROM billing.invoices i')?.reads).toContain('billing.invoices.total');
    expect(readPostgresUse('SELECT id FROM public.users')?.reads).toContain('users.id');
  });

  test('holds the target of a MERGE', () => {
    const merge = 'MERGE INTO users u USING fresh f ON u.id = f.id WHEN MATCHED THEN UPDATE SET name = f.name';
    expect(readPostgresUse(merge)).toMatchObject({ writes: ['users'], reads: expect.arrayContaining(['fresh.name']) });
  });
});
