import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const withDatabase = (database: string, more = '') =>
  edited(['    channel: "#deploys"\n', `    channel: "#deploys"\n    database: ${database}\n${more}`]);
const settingsOf = (text: string) => bench.check(text).settings?.targets[0]?.database;

describe('the database of a service', () => {
  it('needs only its driver: the rest has defaults, and the address is left for the time of use', () => {
    expect(settingsOf(withDatabase('{ driver: postgres }'))).toEqual({
      driver: 'postgres',
      url: `\${DATABASE_URL}`,
      scratch: undefined,
      migrations: 'migrations',
      table: 'schema_migrations',
      lockTimeoutMs: 500,
      lockTotalMs: 600_000,
      statementTimeoutMs: 15_000,
      rollbackForMs: 86_400_000,
      sharedTables: [],
      onlineTools: [],
      beforeContract: undefined,
    });
  });

  it('may be shared: tables that others change too, and a separate table for the record of each service', () => {
    expect(settingsOf(withDatabase('{ driver: postgres, sharedTables: [users, "report_*"] }'))?.sharedTables).toEqual([
      'users',
      'report_*',
    ]);
    expect(bench.problems(withDatabase('{ driver: postgres, sharedTables: ["a b"] }'))[0]).toContain(
      'services.shop.database.sharedTables',
    );
  });

  it('may name tools that change tables while they are in use: words with placeholders, and no password', () => {
    const tools = (command: string, name = 'pt-osc') =>
      withDatabase(`{ driver: mariadb, onlineTools: [{ name: ${name}, command: ${command} }] }`);
    const words = '[pt-online-schema-change, --alter, "{alter}", "F={defaults},D={database},t={table}"]';
    expect(settingsOf(tools(words))?.onlineTools).toEqual([
      {
        name: 'pt-osc',
        argv: ['pt-online-schema-change', '--alter', '{alter}', 'F={defaults},D={database},t={table}'],
        timeoutMs: 86_400_000,
      },
    ]);
    const said = (command: string, name?: string) => bench.problems(tools(command, name)).join('\n');
    expect(said('[tool, "{tabel}", "{table}", "{defaults}"]')).toContain('{tabel} is unknown');
    expect(said('[tool, "{tabel}", "{table}", "{defaults}"]')).toContain('has no {alter}');
    expect(said('[tool, "{table}", "{alter}"]')).toContain('has no {defaults}');
    expect(said('[tool, "{table}", "{alter}", "--password=x", "{defaults}"]')).toContain('holds a password');
    expect(said(words, '"PT OSC"')).toContain('onlineTools[0].name');
  });

  it('refuses gh-ost, which ends at once on MariaDB, by its program and by its name', () => {
    const tool = (name: string, program: string) =>
      withDatabase(
        `{ driver: mariadb, onlineTools: [{ name: ${name}, command: [${program}, "{table}", "{alter}", "{defaults}"] }] }`,
      );
    for (const [name, program] of [
      ['copy', '/usr/bin/gh-ost'],
      ['gh-ost', 'run-it'],
    ] as const)
      expect(bench.problems(tool(name, program)).join('\n')).toMatch(
        /gh-ost ends at once.*use pt-online-schema-change/,
      );
    expect(bench.problems(tool('copy', 'run-it')).join('\n')).not.toContain('gh-ost');
  });

  it('warns of two services that would keep one record', () => {
    const url = 'database: { driver: sqlite, url: "sqlite:/srv/shop.sqlite" }';
    const one = edited(['    channel: "#deploys"\n', `    channel: "#deploys"\n    ${url}\n`]);
    const shop = one.slice(one.indexOf('  shop:'));
    const billing = shop.replace('shop:', 'billing:').replace('8001', '8011').replace('8002', '8012');
    const two = `${one}${billing.replace('listen: 8080', 'listen: 8090')}`;
    const sentence = 'keeps its record in the table schema_migrations of the same database as the service shop';
    expect(bench.problems(two).join('\n')).toContain(sentence);
    const apart = two.replace(/(billing:[\s\S]*driver: sqlite)/, '$1, table: billing_migrations');
    expect(bench.problems(apart).join('\n')).not.toContain(sentence);
  });

  it('is none unless it is said', () => {
    expect(bench.check(edited()).settings?.targets[0]?.database).toBeUndefined();
  });

  it('must have a driver, and people who may approve a contract', () => {
    expect(bench.problems(withDatabase('{ table: t }'))[0]).toContain(
      'services.shop.database.driver: is missing; expected one of postgres, mariadb, sqlite',
    );
    const nobody = withDatabase('{ driver: sqlite }').replace('approvers: [bob, carol]\n', '');
    expect(bench.problems(nobody).join('\n')).toContain('no person may approve a contract of its schema');
  });

  it.each(['ENVIRONMENT_COLOR', 'APPLICATION_PORT'])('must not be another one in each slot: %s', (name) => {
    const direct = withDatabase(`{ driver: sqlite, url: "sqlite:/srv/\${${name}}.sqlite" }`);
    expect(bench.problems(direct)[0]).toContain('both slots must see one database');
    const through = withDatabase('{ driver: sqlite }', `    env: { DATABASE_URL: "sqlite:/srv/\${${name}}" }\n`);
    expect(bench.problems(through)[0]).toContain('both slots must see one database');
  });

  it('must not depend on variables that differ between the env files of the slots, and shows no values', () => {
    writeFileSync(join(bench.folder, 'blue.env'), 'DATABASE_URL=postgres://a:secret1@db/shop\n');
    writeFileSync(join(bench.folder, 'green.env'), 'DATABASE_URL=postgres://a:secret2@db/shop\n');
    const text = withDatabase('{ driver: postgres }')
      .replace('{ port: 8001 }', '{ port: 8001, envFiles: [blue.env] }')
      .replace('{ port: 8002 }', '{ port: 8002, envFiles: [green.env] }');
    const [problem] = bench.problems(text);
    expect(problem).toContain('blue and green give DATABASE_URL different values');
    expect(problem).not.toContain('secret');
    writeFileSync(join(bench.folder, 'green.env'), 'DATABASE_URL=postgres://a:secret1@db/shop\n');
    expect(bench.problems(text)).toEqual([]);
  });

  it.each([
    ['{ driver: oracle }', 'expected one of postgres, mariadb, sqlite'],
    ['{ driver: sqlite, migrations: ../up }', 'expected the name of a folder in the release'],
    ['{ driver: sqlite, table: "drop table" }', 'expected the name of a table'],
    ['{ driver: sqlite, url: "two words" }', 'expected the address of a database'],
    ['{ driver: sqlite, urll: x }', '"urll" is not a known key; did you mean "url"?'],
  ])('%s is refused', (database, problem) => {
    expect(bench.problems(withDatabase(database)).join('\n')).toContain(problem);
  });
});
