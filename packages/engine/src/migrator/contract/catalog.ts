// The schema as names and definitions: what a hand edit changes is seen by its name.

import { expect, test } from 'vitest';
import { createUsers, type Stage } from './fixture.ts';

export function catalogContract(stage: () => Stage): void {
  test('it names tables, columns and indexes, and holds nothing of the ledger', async () => {
    const { database, fixture } = stage();
    await database.mark('001_a', { state: 'done' });
    await database.rememberCatalog({ 'table users': 'x' });
    expect(await database.catalog()).toEqual({});
    await createUsers(fixture, 1);
    await fixture.query('CREATE INDEX users_by_name ON users (name)');
    const names = Object.keys(await database.catalog());
    expect(names).toContainEqual(expect.stringMatching(/^table .*\busers$/));
    expect(names).toContainEqual(expect.stringMatching(/^column .*\busers\.name$/));
    expect(names).toContainEqual(expect.stringMatching(/^index .*\busers_by_name$/));
  });

  test('rows change nothing in it; a column, its default and an index that is gone do', async () => {
    const { database, fixture } = stage();
    await createUsers(fixture, 5);
    await fixture.query('CREATE INDEX users_by_name ON users (name)');
    const before = await database.catalog();
    await fixture.query("INSERT INTO users (id, name) VALUES (900, 'new')");
    expect(await database.catalog()).toEqual(before);
    await fixture.query("ALTER TABLE users ADD COLUMN nick VARCHAR(20) DEFAULT 'none'");
    await fixture.query(
      fixture.dialect.kind === 'mariadb' ? 'DROP INDEX users_by_name ON users' : 'DROP INDEX users_by_name',
    );
    const after = await database.catalog();
    expect(Object.keys(after).filter((name) => before[name] === undefined)).toEqual([
      expect.stringMatching(/^column .*\busers\.nick$/),
    ]);
    expect(Object.keys(before).filter((name) => after[name] === undefined)).toEqual([
      expect.stringMatching(/^index .*\busers_by_name$/),
    ]);
    expect(Object.keys(before).filter((name) => after[name] !== undefined && after[name] !== before[name])).toEqual([]);
  });

  test('it is remembered for another connection, replaced, and forgotten', async () => {
    const { database, another } = stage();
    const catalog = { 'table users': '', 'column users.näme': "text default 'it''s \"so\"'" };
    await database.rememberCatalog(catalog);
    expect(await (await another()).rememberedCatalog()).toEqual(catalog);
    await database.rememberCatalog({});
    expect(await database.rememberedCatalog()).toEqual({});
    await database.rememberCatalog(undefined);
    expect(await database.rememberedCatalog()).toBeUndefined();
  });
}
