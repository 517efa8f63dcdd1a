// Sentences about a database and its sessions never contain its data.

import { beforeAll, describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';
import { loadGrammar } from './grammar.ts';
import { withoutLiterals } from './holders.ts';

describe('a statement of another session', () => {
  beforeAll(() => loadGrammar());

  test.each([
    [
      "SELECT * FROM users WHERE mail = 'ann@example.com' AND age > 41",
      'SELECT * FROM users WHERE mail = ? AND age > ?',
    ],
    ["UPDATE t SET a = E'x\\'y', b = $tag$secret$tag$, c = 1.5e3", 'UPDATE t SET a = ? , b = ? , c = ?'],
    ['SELECT 1 /* token=abc */ -- pw: xyz\n, 2', 'SELECT ? , ?'],
    ['SELECT name FROM users WHERE id = $1', 'SELECT name FROM users WHERE id = $1'],
    // The server cuts a long statement, here within its literal.
    ["INSERT INTO letters (body) VALUES ('Dear Ann, ", 'INSERT INTO letters (body) VALUES ( …'],
    ['', ''],
  ])('%s', (query, shown) => {
    expect(withoutLiterals(query)).toBe(shown);
  });

  test('is cut when it is long', () => {
    expect(withoutLiterals(`SELECT ${'a, '.repeat(200)} b`).length).toBeLessThan(130);
  });
});

describe('an address', () => {
  test('is taken apart, and shown without its password', () => {
    const address = parseAddress('postgresql://shop:p%40ss%2F@db.example.com:6543/app?options=-c%20search_path%3Dshop');
    expect(address).toMatchObject({
      host: 'db.example.com',
      port: 6_543,
      user: 'shop',
      password: 'p@ss/',
      database: 'app',
    });
    expect(address).toMatchObject({
      ssl: false,
      options: '-c search_path=shop',
      shown: 'database app on db.example.com:6543',
    });
  });

  test('may name a socket', () => {
    expect(parseAddress('postgres://shop@/app?host=/run/postgresql')).toMatchObject({
      host: '/run/postgresql',
      port: 5_432,
      password: '',
      ssl: false,
    });
  });

  test('may ask for TLS', () => {
    expect(parseAddress('postgres://shop@db/app?sslmode=no-verify').ssl).toEqual({ rejectUnauthorized: false });
  });

  test.each([
    '',
    'app',
    'mysql://shop:s3cret@db/app',
    'postgres://:s3cret@db/app',
    'postgres://shop:s3cret@db',
    'postgres://shop:s3cret@[db/app',
  ])('that is none is refused without being shown: %s', (url) => {
    expect(() => parseAddress(url)).toThrow(
      expect.objectContaining({
        name: 'MigrationError',
        code: 'unreachable',
        message: expect.not.stringContaining('s3cret'),
        cause: undefined,
      }),
    );
  });
});
