// A disk that is full: on one that is small. It takes a right to mount.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { neverAborted, testLimits } from '../contract/fixture.ts';
import { aSqlFile } from '../testing/a-migration.ts';
import { type MariadbServer, startMariadb } from '../testing/mariadb-server.ts';
import { openMariadb } from './open.ts';

const id = '001_copy';
const place = mkdtempSync(join(tmpdir(), 'bg-small-'));
const isMounted = mount();
let server: MariadbServer | undefined;

beforeAll(async () => {
  if (isMounted) server = await startMariadb(place);
}, 120_000);
afterAll(async () => {
  await server?.stop();
  if (isMounted) execFileSync('umount', [place]);
  rmSync(place, { recursive: true, force: true });
});

function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=220m', 'tmpfs', place], { stdio: 'ignore' });
    chmodSync(place, 0o755);
    return true;
  } catch {
    return false;
  }
}

it.runIf(isMounted)(
  'a statement that finds no room fails with a hint and leaves nothing; with room it passes',
  async () => {
    if (!server) throw new Error('no server');
    const service = await server.connect();
    await service.query('CREATE DATABASE shop');
    await service.query('USE shop');
    const freeMegabytes = () =>
      Number(execFileSync('df', ['-k', '--output=avail', place]).toString().split('\n')[1]) >> 10;
    await service.query('CREATE TABLE large (id INT PRIMARY KEY, text CHAR(250), n INT DEFAULT 1)');
    await service.query('INSERT INTO large (id, text) SELECT seq, SHA1(seq) FROM seq_1_to_80000');
    const database = await openMariadb({ url: server.url('shop'), table: 'schema_migrations', clock: systemClock });
    const text =
      'CREATE TABLE small (id INT PRIMARY KEY);\nALTER TABLE large MODIFY n BIGINT;\nCREATE TABLE last (id INT PRIMARY KEY);';
    const run = () =>
      database.locked(20_000, neverAborted, () =>
        database.run(
          id,
          aSqlFile(id, 'expand', text),
          { state: 'expanded' },
          { limits: testLimits, signal: neverAborted },
        ),
      );
    await database.mark(id, { state: 'expanding' });
    await service.query('CREATE TABLE ballast (id INT PRIMARY KEY, text CHAR(250))');
    // Less is left than the copy of the table needs, and more than the ledger does.
    for (let first = 1; freeMegabytes() > 20 && first < 2_000_000; first += 10_000)
      await service.query(`INSERT INTO ballast SELECT seq, SHA1(seq) FROM seq_${first}_to_${first + 9_999}`);
    await expect(run()).rejects.toMatchObject({
      name: 'MigrationError',
      code: 'failed',
      message: expect.stringContaining('001_copy.expand.sql:2'),
      hint: expect.stringContaining('disk'),
    });
    expect(await database.ledger()).toMatchObject([{ state: 'expanding', statementsDone: 1 }]);
    await service.query('DROP TABLE ballast');
    await run();
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
    expect((await database.catalog())['column large.n']).toContain('bigint');
    await database.close();
    await service.end();
  },
  120_000,
);
