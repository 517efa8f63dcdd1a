// The scratch server of PostgreSQL: what it refuses, what it leaves behind, whose rights count, and what a dry run decides.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import { aRelease } from '../../evidence/testing-release.ts';
import { type CompatInput, validateCompatibility } from '../../evidence/validate.ts';
import type { SqlFile } from '../../files/migration.ts';
import type { Finding } from '../../lint/finding.ts';
import { aSqlFile } from '../../testing/a-migration.ts';
import { type PostgresServer, postgresSources, startPostgres } from '../../testing/postgres-server.ts';
import { loadGrammar } from '../grammar.ts';
import { parsePostgres } from '../parse.ts';
import { createPostgresScratch, type PostgresScratchOptions } from './server.ts';
import { readPostgresUse } from './use.ts';

const password = 'hidden-word';
const never = new AbortController().signal;

describe.each(postgresSources)('PostgreSQL of %s', (source) => {
  let production: PostgresServer;
  let scratch: PostgresServer;
  let app: string;

  beforeAll(async () => {
    await loadGrammar();
    production = await startPostgres(source);
    scratch = await startPostgres(source);
    await production.query('postgres', `CREATE ROLE shop LOGIN PASSWORD '${password}'; CREATE ROLE reader`);
  }, 120_000);
  afterAll(async () => {
    await production?.stop();
    await scratch?.stop();
  });
  beforeEach(async () => {
    app = await production.createDatabase();
    await production.query(app, `ALTER DATABASE ${app} OWNER TO shop; GRANT CREATE ON SCHEMA public TO shop`);
    await production.query(app, `SET ROLE shop; ${base.text}; INSERT INTO users (email) VALUES ('ann@example.org')`);
  });

  const base = aSqlFile(
    '001_users',
    'expand',
    'CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, at timestamp)',
  );
  // Debian has pg_dump; the binaries from npm have none, so that the migrations are replayed.
  const options = (changed: Partial<PostgresScratchOptions> = {}): PostgresScratchOptions => ({
    scratchUrl: scratch.url('postgres'),
    productionUrl: production.url(app, { name: 'shop', password }),
    applicationRole: undefined,
    allowSameServer: false,
    pgDump: source === 'Debian' ? 'pg_dump' : 'no-such-program',
    replayed: [base],
    ledgerTables: ['schema_migrations', 'schema_migrations_catalog'],
    split: parsePostgres,
    clock: systemClock,
    ...changed,
  });
  const check = (
    files: readonly SqlFile[],
    changed: Partial<PostgresScratchOptions> = {},
    input: Partial<CompatInput> = {},
  ) =>
    validateCompatibility({
      files,
      findings: [],
      releases: [],
      readUse: readPostgresUse,
      scratch: createPostgresScratch(options(changed)),
      limitMs: 60_000,
      signal: never,
      ...input,
    });
  const change = (sql: string): readonly SqlFile[] => [aSqlFile('002_change', 'expand', sql)];
  const databases = async (): Promise<readonly string[]> =>
    (await scratch.query('postgres', "SELECT datname AS name FROM pg_database WHERE datname LIKE 'bg%'")).map(
      ({ name }) => name,
    );

  test('says how the copy was made, and leaves nothing behind', async () => {
    const report = await check(change('ALTER TABLE users ADD nick text'));
    expect(report).toMatchObject({ verdict: 'compatible', additive: true });
    expect(report.scratch).toMatch(source === 'Debian' ? /^production's schema, copied/ : /replayed without rows/);
    await check(change('DROP TABLE nothing_such'));
    expect(await databases()).toEqual([]);
  });

  test('never makes a copy on the production server, unless a person says so', async () => {
    const same = { scratchUrl: production.url('postgres') };
    const report = await check(change('ALTER TABLE users ADD nick text'), same);
    expect(report).toMatchObject({ verdict: 'unknown', scratch: 'the scratch server is the production server itself' });
    const allowed = await check(change('ALTER TABLE users ADD nick text'), { ...same, allowSameServer: true });
    expect(allowed.verdict).toBe('compatible');
  });

  test('is deleted also when the time is over or a caller stops it', async () => {
    const slow = change('SELECT pg_sleep(2)');
    expect(await check(slow, {}, { limitMs: 1_000 })).toMatchObject({
      verdict: 'unknown',
      scratch: /longer than 1000 ms/,
    });
    expect(await databases()).toEqual([]);
    const stop = new AbortController();
    const running = check(change('SELECT pg_sleep(1); SELECT 1'), {}, { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    expect(await databases()).toEqual([]);
  });

  test('deletes what a killed run left, and not what is still in use', async () => {
    const now = Date.now();
    const [old, young] = [`bg_scratch_${now - 7_200_000}_0123abcd`, `bg_scratch_${now}_0123abcd`];
    for (const name of [old, young, 'bg_scratch_of_a_person'])
      await scratch.query('postgres', `CREATE DATABASE ${name}`);
    await check([]);
    expect((await databases()).toSorted()).toEqual([young, 'bg_scratch_of_a_person'].toSorted());
    for (const name of [young, 'bg_scratch_of_a_person']) await scratch.dropDatabase(name);
  });

  test.each([
    [
      'a scratch server that is not there',
      { scratchUrl: 'postgres://u:other-secret@127.0.0.1:1/postgres' },
      /^the scratch server: .*ECONNREFUSED/,
    ],
    ['a wrong password', { productionUrl: 'wrong' }, /password authentication failed/],
  ])('%s: the verdict is unknown, says why, and tells no password', async (_, changed, said) => {
    const wrong = production.url(app, { name: 'shop', password: 'other-secret' });
    const report = await check(
      change('ALTER TABLE users ADD nick text'),
      'productionUrl' in changed ? { productionUrl: wrong } : changed,
    );
    expect(report.verdict).toBe('unknown');
    expect(report.scratch).toMatch(said);
    expect(JSON.stringify(report)).not.toMatch(/other-secret|hidden-word/);
  });

  test('counts the rights of the application’s own role, and those of the role that migrates', async () => {
    const reader = aRelease('v1', { statements: ['SELECT email FROM users'] });
    const asReader = { applicationRole: 'reader' };
    expect((await check(change('GRANT SELECT ON users TO reader'), asReader, { releases: [reader] })).verdict).toBe(
      'compatible',
    );
    await production.query(app, 'GRANT SELECT ON users TO reader');
    // A replay knows no rights: production's schema itself does.
    const report = await check(change('REVOKE SELECT ON users FROM reader'), asReader, { releases: [reader] });
    expect(report.verdict).toBe(source === 'Debian' ? 'incompatible' : 'compatible');
    const denied = await check(change('CREATE ROLE other'), {}, { releases: [reader] });
    expect(denied.findings[0]).toMatchObject({
      layer: 'dry-run',
      sentence: expect.stringContaining('permission denied'),
    });
  });

  test('does not take a replay for production when it makes another schema', async () => {
    await production.query(app, 'SET ROLE shop; ALTER TABLE users ADD by_hand text');
    const report = await check(change('SELECT 1'), { pgDump: 'no-such-program' });
    expect(report).toMatchObject({ verdict: 'unknown', scratch: expect.stringContaining('users.by_hand') });
  });

  test('finds names where production finds them, whatever a file sets for its session', async () => {
    await production.query(
      app,
      `CREATE SCHEMA shop AUTHORIZATION shop; ALTER TABLE users SET SCHEMA shop; ALTER DATABASE ${app} SET search_path = shop, public`,
    );
    const old = aRelease('v1', { statements: ['SELECT email FROM users', 'SELECT id FROM shop.users'] });
    const emptied = "SELECT set_config('search_path', '', false); ALTER TABLE shop.users ADD nick text";
    expect(await check(change(emptied), {}, { releases: [old] })).toMatchObject({
      verdict: 'compatible',
      additive: true,
      findings: [],
    });
    const taken = await check(change('ALTER TABLE users DROP COLUMN email'), {}, { releases: [old] });
    expect(taken.findings).toMatchObject([{ layer: 'prepare', object: 'users.email', effect: 'breaks' }]);
  });

  describe('a dry run', () => {
    const blocked = async (sql: string, findings: CompatInput['findings'] = []) => {
      const { findings: found } = await check(change(sql), {}, { findings });
      return found
        .filter(({ layer, effect }) => layer === 'dry-run' && effect === 'breaks')
        .map(({ sentence }) => sentence);
    };

    test.each([
      ['a cast that depends on the time zone', 'ALTER TABLE users ALTER at TYPE timestamptz', []],
      [
        'the same in another zone',
        "SET LOCAL timezone = 'Asia/Tokyo'; ALTER TABLE users ALTER at TYPE timestamptz",
        [/writes all rows/],
      ],
      ['a plain column behind a DO block', `DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD nick text'; END $$`, []],
      [
        'an index behind a DO block',
        `DO $$ BEGIN EXECUTE 'CREATE INDEX ON users (email)'; END $$`,
        [/reads all rows.*ShareLock/],
      ],
      [
        'NOT NULL behind a function',
        "SELECT set_config('x.y', 'z', true); DO $$ BEGIN EXECUTE 'ALTER TABLE users ALTER at SET ' || 'NOT NULL'; END $$",
        [/reads all rows/],
      ],
      [
        'a domain with a check',
        'CREATE DOMAIN positive AS integer CHECK (value > 0); ALTER TABLE users ADD rank positive DEFAULT 1',
        [/writes all rows/],
      ],
      ['a volatile default', 'ALTER TABLE users ADD token uuid DEFAULT gen_random_uuid()', [/writes all rows/]],
      [
        'a table of its own',
        'CREATE TABLE fresh (id integer); ALTER TABLE fresh ADD token uuid DEFAULT gen_random_uuid()',
        [],
      ],
      ['a check that is not validated', 'ALTER TABLE users ADD CHECK (id > 0) NOT VALID', []],
      ['a check that is', 'ALTER TABLE users ADD CHECK (id > 0)', [/reads all rows/]],
      ['a row found by its key', 'ALTER TABLE users ADD nick text; UPDATE users SET nick = 1 WHERE id = 1', []],
      [
        'all rows under the lock of a column',
        "ALTER TABLE users ADD nick text; UPDATE users SET nick = ''",
        [/:1 reads all rows/],
      ],
    ])('decides %s', async (_, sql, expected) => {
      const found = await blocked(sql);
      expect(found).toHaveLength(expected.length);
      for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern);
    });

    const review: Finding = {
      rule: 'opaque-sql',
      classes: ['breaks-old'],
      severity: 'review',
      file: '002_change.expand.sql',
      line: 1,
      statement: 'DO',
      message: 'a DO block',
      safe: undefined,
      allowedIn: [],
      accepted: undefined,
    };

    test('settles what the rules leave for review, and without one it stays open', async () => {
      const opaque = change(`DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD nick text'; END $$`);
      expect(await check(opaque, {}, { findings: [review] })).toMatchObject({ verdict: 'compatible', additive: true });
      expect(await check(opaque, {}, { findings: [review], scratch: undefined })).toMatchObject({
        verdict: 'unknown',
        additive: false,
        notChecked: expect.arrayContaining([expect.stringContaining('no scratch server is configured')]),
      });
    });
  });
});
