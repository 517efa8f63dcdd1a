// The real pt-online-schema-change under services that write, while the engine's process is killed at any point, and
// while the server is killed. No acknowledged write may be lost.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import { runMigrator } from '../../contract/migrator-process.ts';
import type { Migration } from '../../files/migration.ts';
import { aMigration } from '../../testing/a-migration.ts';
import { keepBusy } from '../../testing/busy-table.ts';
import { type MariadbServer, startMariadb } from '../../testing/mariadb-server.ts';
import { openMariadb } from '../open.ts';

const hasTool = existsSync('/usr/bin/pt-online-schema-change');
const services = 4;
const rows = 60_000;
const kills = 10;
let server: MariadbServer;

beforeAll(async () => {
  server = await startMariadb();
}, 120_000);
afterAll(() => server.stop());

/** Whichever of the two the table has, the change makes the other of it. */
function migrationTo(type: string, number = 1) {
  const migration = aMigration(`00${number}_${type.toLowerCase()}`, {
    expand: `-- @online pt-osc\nALTER TABLE users MODIFY age ${type}, ADD COLUMN at_${type.toLowerCase()} INT;`,
  });
  return [{ ...migration, expand: migration.expand && { ...migration.expand, online: 'pt-osc' } }];
}

async function setUp(name: string) {
  const root = await server.connect();
  await root.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await root.query(`USE ${name}`);
  await root.query('CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), age INT)');
  await root.query(`INSERT INTO users SELECT seq, CONCAT('user ', seq), seq FROM seq_1_to_${rows}`);
  const rowsOf = async (sql: string) => (await root.query(sql))[0] as Record<string, unknown>[];
  const remains = async () => [
    ...(await rowsOf("SHOW TABLES LIKE '\\_%'")).map((row) => Object.values(row)[0]),
    ...(await rowsOf('SHOW TRIGGERS')).map(({ Trigger: trigger }) => trigger),
  ];
  const opener = { module: join(import.meta.dirname, 'testing/opener.ts'), options: server.url(name) };
  return { root, rowsOf, remains, opener };
}

describe.skipIf(!hasTool)('pt-online-schema-change (needs percona-toolkit)', () => {
  it(`is killed with the engine ${kills} times, at any point, and no acknowledged write is lost`, {
    timeout: 480_000,
  }, async () => {
    const { root, rowsOf, remains, opener } = await setUp('killed');
    const connections = await Promise.all(Array.from({ length: services }, () => server.connect('killed')));
    const busy = await keepBusy(connections);
    let [cut, whole] = [0, 0];
    const said: string[] = [];
    const migration: Migration[] = [];
    for (const [at, type] of ['BIGINT', 'DOUBLE'].entries()) {
      migration.push(...migrationTo(type, at + 1));
      for (let turn = 0; turn < kills / 2; turn += 1) {
        const begun = (events: readonly { kind: string }[]) => events.some(({ kind }) => kind === 'begun');
        const { code, events, stderr } = await runMigrator({ opener }, 'expand', migration, {
          until: begun,
          afterMs: 300 + turn * 900,
        });
        expect(code ?? 0, stderr).toBe(0);
        if (code === null) cut += 1;
        else whole += 1;
        said.push(
          ...events.flatMap((event) => (event.kind === 'tool' && /cut off/.test(event.line) ? [event.line] : [])),
        );
      }
      const { code, stderr } = await runMigrator({ opener }, 'expand', migration);
      expect(code, stderr).toBe(0);
      expect((await rowsOf("SHOW COLUMNS FROM users LIKE 'age'"))[0]?.Type).toBe(
        type === 'BIGINT' ? 'bigint(20)' : 'double',
      );
      expect(await remains()).toEqual([]);
    }
    const counts = await busy.settle();
    console.info(
      `${cut} runs cut off, ${whole} ran to their end, ${said.length} clean-ups; ${counts.acknowledged} acknowledged writes, ${counts.lost} lost, ${counts.refused.length} refused (${[...new Set(counts.refused)].join('; ')}), longest ${counts.longestMs} ms`,
    );
    expect(counts.lost).toBe(0);
    expect(counts.refused).toEqual([]);
    expect(cut).toBeGreaterThan(2);
    expect(said.join('\n')).toContain('removed: trigger pt_osc_killed_users_');
    for (const each of [...connections, root]) await each.end();
  });

  it('loses its server in the middle: the next run cleans up and makes the change', { timeout: 240_000 }, async () => {
    const { root, opener } = await setUp('lost');
    const migration = migrationTo('BIGINT');
    const running = runMigrator({ opener }, 'expand', migration);
    await expect
      .poll(async () => (await root.query("SHOW TABLES LIKE '\\_users\\_new'"))[0], { timeout: 60_000 })
      .toHaveLength(1);
    await server.kill();
    const { stderr } = await running;
    expect(stderr).toContain('the connection to the database was lost, and pt-osc was ended');
    await server.restart();
    const database = await openMariadb({ url: server.url('lost'), table: 'schema_migrations', clock: systemClock });
    expect((await database.ledger())[0]).toMatchObject({ state: 'expanding', online: { tool: 'pt-osc' } });
    const { code, events } = await runMigrator({ opener }, 'expand', migration);
    expect(code).toBe(0);
    expect(JSON.stringify(events)).toContain('table _users_new');
    expect((await database.ledger())[0]).toMatchObject({ state: 'done' });
    expect(await database.countRows('users')).toBeGreaterThan(rows / 2);
    await database.close();
  });
});
