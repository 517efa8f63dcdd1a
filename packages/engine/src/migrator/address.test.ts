import { describe, expect, it } from 'vitest';
import { addressOf, maskIn, secretsIn, sqliteFile } from './address.ts';

const both = (variables: Readonly<Record<string, string>>) => ({ blue: variables, green: variables });

describe('the address of a database', () => {
  it('is filled in as the service of either slot would see it', () => {
    expect(addressOf(`\${SCHEME}://db/$\${x}`, both({ SCHEME: 'postgres' }))).toBe(`postgres://db/\${x}`);
  });

  it('is refused when a variable is missing, empty, or another one in each slot, and no value is shown', () => {
    expect(() => addressOf(`\${DATABASE_URL}`, both({}))).toThrow(/uses \$\{DATABASE_URL\}/);
    expect(() => addressOf(`\${DATABASE_URL}`, both({ DATABASE_URL: '' }))).toThrow(/uses \$\{DATABASE_URL\}/);
    const apart = { blue: { URL: 'postgres://a:secret1@h/d' }, green: { URL: 'postgres://a:secret2@h/d' } };
    expect(() => addressOf(`\${URL}`, apart)).toThrow(/^blue and green get different addresses of the database$/);
  });

  it('hides its password, as it is written and as it is meant', () => {
    const address = 'postgres://app:p%40ss@db:5432/shop';
    expect(maskIn(`${address} says "p@ss" or p%40ss`, secretsIn(address))).toBe('*** says "***" or ***');
    expect(secretsIn('sqlite:/srv/shop.sqlite')).toEqual([]);
  });

  it.each(['sqlite:/srv/a.sqlite', 'sqlite:///srv/a.sqlite', 'file:/srv/a.sqlite', '/srv/a.sqlite'])(
    'of SQLite is a file: %s',
    (address) => expect(sqliteFile(address)).toBe('/srv/a.sqlite'),
  );

  it('of SQLite must be absolute', () => {
    expect(() => sqliteFile('sqlite:a.sqlite')).toThrow(/no absolute file/);
  });
});
