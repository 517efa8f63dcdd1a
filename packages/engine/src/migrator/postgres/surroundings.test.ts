// What is around a server: a pooler before it, a replica behind it, a disk below it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { SchemaDatabase } from '../database.ts';
import type { BackfillFile } from '../files/migration.ts';
import { aMigration, aSqlFile } from '../testing/a-migration.ts';
import { open } from '../testing/postgres-opener.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres-server.ts';

const nobody = 65_534;
const asUnprivileged = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
const limits = { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 30_000 };
const never = new AbortController().signal;

let server: PostgresServer;
let name: string;
let database: SchemaDatabase;
beforeAll(async () => {
  server = await startPostgres('Debian', { settings: ["wal_level = 'replica'", 'max_wal_senders = 5'] });
});
afterAll(() => server?.stop());
beforeEach(async () => {
  name = await server.createDatabase();
  ({ database } = await open(server.url(name)));
  await server.query(
    name,
    'CREATE TABLE users (id int PRIMARY KEY, touched int DEFAULT 0); INSERT INTO users SELECT generate_series(1, 500)',
  );
});
afterEach(async () => {
  await database.close();
  await server.dropDatabase(name);
});

describe('behind PgBouncer', () => {
  let pooler: ChildProcess | undefined;
  afterEach(async () => {
    if (pooler === undefined) return;
    const gone = new Promise((resolve) => pooler?.once('exit', resolve));
    pooler.kill('SIGKILL');
    await gone;
  });

  /** Its address. */
  function startPooler(mode: string, poolSize: number): string {
    const folder = join(server.folder, `pooler-${mode}-${poolSize}`);
    mkdirSync(folder);
    const file = join(folder, 'pgbouncer.ini');
    const lines = [
      '[databases]',
      `* = host=${server.folder} user=postgres`,
      '[pgbouncer]',
      `unix_socket_dir = ${folder}`,
    ];
    const more = ['listen_port = 5432', 'auth_type = any', `pool_mode = ${mode}`, `default_pool_size = ${poolSize}`];
    writeFileSync(file, [...lines, ...more, ''].join('\n'));
    if (asUnprivileged.uid !== undefined) chownSync(folder, nobody, nobody);
    pooler = spawn('/usr/sbin/pgbouncer', ['-q', file], { ...asUnprivileged, stdio: 'ignore' });
    return server.url(name).replace(encodeURIComponent(server.folder), encodeURIComponent(folder));
  }

  test.each([1, 5])('that hands out %i servers per transaction it is refused', async (poolSize) => {
    const url = startPooler('transaction', poolSize);
    const refused = await until(async () => {
      const thrown = await open(url).then(
        () => new Error('it was let in'),
        (error: { code?: string }) => error,
      );
      return 'code' in thrown && thrown.code === 'unreachable' ? undefined : thrown;
    });
    expect(refused).toMatchObject({
      code: 'not-allowed',
      message: 'a pooler is in front of the database and hands it out per transaction',
      hint: expect.stringContaining('pool_mode = session'),
    });
  });

  test('that hands out a server per session it works', async () => {
    const url = startPooler('session', 5);
    const { database: pooled } = await until(() => open(url).catch(() => undefined));
    await pooled.mark('001_a', { state: 'expanding' });
    const file = aSqlFile('001_a', 'expand', 'ALTER TABLE users ADD COLUMN nick text;');
    await pooled.locked(1_000, never, async () => {
      await pooled.run('001_a', file, { state: 'done' }, { limits, signal: never });
      await expect(database.locked(300, never, async () => 'both')).rejects.toMatchObject({ code: 'locked' });
    });
    expect(await pooled.ledger()).toMatchObject([{ state: 'done' }]);
    await pooled.close();
  });
});

test('a backfill slows down while a replica is behind', async () => {
  const data = join(server.folder, 'replica');
  const bin = `/usr/lib/postgresql/${server.version}/bin`;
  execFileSync(
    join(bin, 'pg_basebackup'),
    ['-h', server.folder, '-U', 'postgres', '-D', data, '-R', '-c', 'fast', '--no-sync'],
    asUnprivileged,
  );
  const connection = `primary_conninfo = 'host=${server.folder} user=postgres application_name=replica'`;
  const replica = await startPostgres('Debian', {
    data,
    settings: [connection, "recovery_min_apply_delay = '20s'", 'wal_receiver_status_interval = 1s'],
  });
  try {
    await until(async () => (await server.query(name, 'SELECT 1 FROM pg_stat_replication'))[0]);
    const text = 'UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;';
    const file = aMigration('001_a', { backfill: text }).backfill as BackfillFile;
    await database.mark('001_a', { state: 'backfilling' });
    // It reports what it has received and not applied yet with its next message.
    const pressed = await until(async () => {
      const batch = await database.backfill('001_a', file, 2, { limits, signal: never });
      return batch.pressed || batch.cursor === undefined ? batch : undefined;
    });
    expect(pressed).toMatchObject({ pressed: true, cursor: expect.any(String) });
  } finally {
    await replica.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

// Only root may mount a small disk.
test.runIf(mayMount())('on a full disk nothing of the step remains, and the sentence says so', async () => {
  const small = join(server.folder, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=2m,uid=${nobody},gid=${nobody},mode=700`, 'tmpfs', small]);
  try {
    await server.query(name, `CREATE TABLESPACE small LOCATION '${small}'`);
    await database.mark('001_a', { state: 'expanding' });
    const text = `ALTER TABLE users ADD COLUMN nick text;
CREATE TABLE copies TABLESPACE small AS SELECT n, repeat('x', 1000) AS text FROM generate_series(1, 5000) n;`;
    const full = database.run('001_a', aSqlFile('001_a', 'expand', text), { state: 'done' }, { limits, signal: never });
    await expect(full).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^001_a\.expand\.sql:2: could not extend file .*No space left on device$/),
      hint: expect.stringContaining('Free some disk'),
    });
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    expect(Object.keys(await database.catalog()).filter((each) => /nick|copies/.test(each))).toEqual([]);
    await server.query(name, 'DROP TABLESPACE small');
  } finally {
    execFileSync('umount', ['-l', small]);
  }
});

function mayMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
