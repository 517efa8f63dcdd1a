import { expect, it } from 'vitest';
import { touches } from '../../evidence/needs.ts';
import { readMariadbUse } from './use.ts';

const use = (statement: string) => {
  const found = readMariadbUse(statement);
  if (!found) throw new Error(`nothing of ${statement}`);
  return found;
};

it.each([
  ['SELECT name FROM users WHERE age > ?', ['users.name', 'users.age'], ['users.nick', 'orders']],
  [
    'SELECT u.name, `o`.`total` FROM users AS u JOIN shop.orders o ON o.user_id = u.id',
    ['users.name', 'shop.orders.total'],
    ['users.total', 'users.user_id'],
  ],
  ['WITH old AS (SELECT id FROM users) SELECT id FROM old', ['users.id'], ['old']],
  ['SELECT COUNT(*) FROM users, orders o WHERE name = "age"', ['users.name', 'orders.name'], ['users.age']],
  ['DELETE FROM users WHERE id IN (SELECT user_id FROM gone)', ['users.id', 'gone.user_id'], ['users.name']],
])('%s reads %j and not %j', (statement, read, not) => {
  const { reads } = use(statement);
  for (const each of read) expect(touches(reads, each), each).toBe(true);
  for (const each of not) expect(touches(reads, each), each).toBe(false);
});

it('what is written is listed by column', () => {
  expect(use('UPDATE users u SET u.name = ?, age = IF(a = 1, 2, 3) WHERE id = 1').writes).toEqual([
    'users.name',
    'users.age',
  ]);
  expect(use('INSERT INTO users (name, `age`) VALUES (?, f(1, 2))')).toMatchObject({
    writes: ['users.name', 'users.age'],
    inserts: [{ table: 'users', columns: ['name', 'age'], values: 2 }],
  });
  expect(use('INSERT IGNORE users SET name = 1, age = 2').inserts).toMatchObject([
    { table: 'users', columns: ['name', 'age'] },
  ]);
  expect(use('INSERT INTO users VALUES (1, 2, 3), (4, 5, 6)').inserts).toEqual([
    { table: 'users', columns: undefined, values: 3 },
  ]);
  expect(use('INSERT INTO users (id) VALUES (1) ON DUPLICATE KEY UPDATE seen = 1').writes).toEqual([
    'users.id',
    'users.seen',
  ]);
});

it('a star for all columns is distinguished from a count and a product', () => {
  expect(use('SELECT * FROM users').stars).toEqual(['users']);
  expect(use('SELECT u.*, 1 FROM users u JOIN orders').stars).toEqual(['users']);
  expect(use('SELECT COUNT(*), age * 2 FROM users').stars).toEqual([]);
});

it('called routines are listed, and what is no statement of rows is not read', () => {
  expect(use('SELECT price(1) FROM users').routines).toEqual(['price']);
  for (const text of ['SET @a = 1', 'CALL p()', 'SELECT 1; SELECT 2', "SELECT 'open"])
    expect(readMariadbUse(text)).toBeUndefined();
});
