// A change that a tool makes while services use its table: with the real pt-online-schema-change on a real MariaDB, and
// with small programs that behave badly.

import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import { testLimits } from '../../contract/fixture.ts';
import type { SchemaDatabase } from '../../database.ts';
import type { OnlineTool } from '../../online-tool.ts';
import type { MigrationEvent } from '../../phases/context.ts';
import { expand } from '../../phases/expand.ts';
import { repair } from '../../phases/repair.ts';
import { aMigration } from '../../testing/a-migration.ts';
import { keepBusy } from '../../testing/busy-table.ts';
import { type MariadbServer, startMariadb } from '../../testing/mariadb-server.ts';
import { mariadbDialect } from '../dialect.ts';
import { openMariadb } from '../open.ts';
import { ptOsc } from './testing/pt-osc.ts';

const hasTool = existsSync('/usr/bin/pt-online-schema-change');
const password = 'pass"word\\7';
const folder = mkdtempSync(join(tmpdir(), 'bg-online-test-'));
let server: MariadbServer;
let made = 0;
let name = '';
let service: Connection;
let database: SchemaDatabase;
let events: MigrationEvent[] = [];

beforeAll(async () => {
  server = await startMariadb();
  const root = await server.connect();
  await root.query(`CREATE USER app@localhost IDENTIFIED BY '${password.replaceAll('\\', '\\\\')}'`);
  await root.query('GRANT ALL ON *.* TO app@localhost');
  await root.end();
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  made += 1;
  name = `online_${made}`;
  events = [];
  service = await server.connect();
  await service.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await service.query(`USE ${name}`);
  await service.query('CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50), age INT)');
  await service.query("INSERT INTO users SELECT seq, CONCAT('user ', seq), seq FROM seq_1_to_10000");
  database = await openMariadb({
    url: server.url(name, 'app', password),
    table: 'schema_migrations',
    clock: systemClock,
  });
});
afterEach(async () => {
  await database.close();
  await service.end();
});

const migrationBy = (tool: string, text = 'ALTER TABLE users MODIFY age BIGINT;') => {
  const migration = aMigration('001_age', { expand: `-- @online ${tool}\n${text}` });
  return [{ ...migration, expand: migration.expand && { ...migration.expand, online: tool } }];
};
const context = (tools: readonly OnlineTool[], signal = new AbortController().signal) => ({
  ...{ database, dialect: mariadbDialect, clock: systemClock, limits: testLimits, lockWaitMs: 10_000 },
  ...{ sharedTables: [], onlineTools: tools, signal, say: (event: MigrationEvent) => events.push(event) },
});
const lines = (): string => events.map((event) => (event.kind === 'tool' ? event.line : '')).join('\n');
const rowsOf = async (sql: string) => (await service.query(sql))[0] as Record<string, unknown>[];
const typeOfAge = async () => (await rowsOf("SHOW COLUMNS FROM users LIKE 'age'"))[0]?.Type;
const remains = async () => [
  ...(await rowsOf("SHOW TABLES LIKE '\\_%'")).map((row) => Object.values(row)[0]),
  ...(await rowsOf('SHOW TRIGGERS')).map(({ Trigger: trigger }) => trigger),
];
const passwordFiles = () => readdirSync(tmpdir()).filter((each) => each.startsWith(`bg-online-${process.pid}-`));

/** A program that behaves as the shell says. */
function script(shell: string, timeoutMs = 30_000): OnlineTool {
  const path = join(folder, `tool-${made}.sh`);
  writeFileSync(path, `#!/bin/bash\n${shell}\n`);
  chmodSync(path, 0o755);
  return { name: 'tool', argv: [path, '{defaults}', '{database}.{table}', '{alter}'], timeoutMs };
}

describe.skipIf(!hasTool)('pt-online-schema-change (needs percona-toolkit)', () => {
  it('changes a column while services write, and loses no row', async () => {
    const services = await Promise.all([server.connect(name), server.connect(name)]);
    const busy = await keepBusy(services);
    await expand(context([ptOsc()]), migrationBy('pt-osc'));
    const counts = await busy.settle();
    console.info(
      `pt-online-schema-change: ${counts.acknowledged} acknowledged writes, ${counts.lost} lost, longest ${counts.longestMs} ms`,
    );
    expect(counts.lost).toBe(0);
    expect(counts.refused).toEqual([]);
    expect(counts.acknowledged).toBeGreaterThan(10);
    expect(await typeOfAge()).toBe('bigint(20)');
    expect(await remains()).toEqual([]);
    expect(events[0]).toMatchObject({ kind: 'begun', tool: 'pt-osc' });
    expect(await database.ledger()).toMatchObject([{ state: 'done' }]);
    expect(passwordFiles()).toEqual([]);
    await Promise.all(services.map((each) => each.end()));
  });

  it('is ended when the run is stopped; its triggers and its copy are removed, and the next run makes the change', async () => {
    const stop = new AbortController();
    const slow = ptOsc(['--chunk-size=100', '--sleep=0.2', '--progress=time,1']);
    const running = expand(context([slow], stop.signal), migrationBy('pt-osc'));
    const stopped = expect(running).rejects.toMatchObject({ code: 'stopped' });
    await expect.poll(remains, { timeout: 30_000 }).toContain('_users_new');
    await expect.poll(async () => (await database.ledger())[0]?.online?.tool).toBe('pt-osc');
    stop.abort();
    await stopped;
    expect(await remains()).toEqual([]);
    expect(await typeOfAge()).toBe('int(11)');
    const [row] = await database.ledger();
    expect(row).toMatchObject({ state: 'expanding' });
    expect(row).not.toHaveProperty('online');
    await expand(context([ptOsc()]), migrationBy('pt-osc'));
    expect(await typeOfAge()).toBe('bigint(20)');
  });
});

describe('a tool', () => {
  it('gets words and no shell, and the password in a file that only its account may read', async () => {
    const tool = script(
      'stat -c %a "$1"; cat "$1"; shift; printf "<%s>" "$@"; cat /proc/$$/environ | tr "\\0" "\\n"; exit 3',
    );
    const text = "ALTER TABLE users ADD COLUMN note VARCHAR(20) DEFAULT '$(id); `id`';";
    const failed = await expand(context([tool]), migrationBy('tool', text)).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'failed', hint: expect.stringContaining('--mark-pending') });
    const said = String(failed);
    expect(said).toContain(`<${name}.users><ADD COLUMN note VARCHAR(20) DEFAULT '$(id); \`id\`'>`);
    expect(said).toContain('tool ended with 3; users is as it was');
    expect(`${said}${lines()}`).not.toMatch(/pass\\*"word/);
    expect(await database.ledger()).toMatchObject([
      { state: 'failed', problem: expect.stringContaining('ended with 3') },
    ]);
    expect(passwordFiles()).toEqual([]);
  });

  it.each([
    ['exit 0', 'ended well, and yet the table is as it was'],
    ['sleep 60 & sleep 60', 'ran longer than 1 s and was ended'],
    ['/no/such/program; exit 7', 'ended with 7'],
  ])('that does not do its work leaves a failure that says so: %s', async (shell, sentence) => {
    const tool = script(shell, 1_000);
    await expect(expand(context([tool], undefined), migrationBy('tool'))).rejects.toThrow(sentence);
    await repair(context([tool]), migrationBy('tool'), { kind: 'mark-pending', id: '001_age' }, 'mended');
    expect(await database.ledger()).toEqual([]);
  });

  it('that succeeds has its change noted, with any output', async () => {
    const tool = script(
      'IFS=. read -r db table <<<"$2"; mariadb --defaults-file="$1" "$db" -e "ALTER TABLE $table $3"; echo "100% done"',
    );
    await expand(context([tool]), migrationBy('tool'));
    expect(await typeOfAge()).toBe('bigint(20)');
    expect(lines()).toContain('100% done');
  });

  it('does not begin where another run left a table, and refuses a tool that is not configured', async () => {
    await service.query('CREATE TABLE _users_new LIKE users');
    await expect(expand(context([script('exit 0')]), migrationBy('tool'))).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringContaining('table _users_new'),
    });
    await expect(expand(context([]), migrationBy('tool'))).rejects.toMatchObject({ code: 'not-allowed' });
  });
});
