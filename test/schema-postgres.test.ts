// The flow on a real PostgreSQL: widened, blocked by a session that holds a lock, filled, and no password ever shown.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../packages/engine/src/migrator/testing/postgres-server.ts';
import { alice, deployed, eventually, type Stage, setStage, value } from './support/stage.ts';

const password = 's3cret-of-the-shop';
let server: PostgresServer;
let database: string;
let stage: Stage;

beforeAll(async () => {
  server = await startPostgres('Debian');
  database = await server.createDatabase();
  await server.query(
    database,
    `CREATE ROLE shop LOGIN PASSWORD '${password}'; GRANT ALL ON SCHEMA public TO shop; GRANT pg_read_all_stats TO shop`,
  );
  stage = await setStage({
    target: `
        canary: []
        bake: 1s
        env: { SHOP_DATABASE: "${server.url(database, { name: 'shop', password })}" }
        database: { driver: postgres, url: "\${SHOP_DATABASE}", lockTimeout: 200ms, lockTotal: 3s }
`,
  });
  lay('v1.0', first);
  lay('v2.0', { ...first, ...second });
});
afterAll(async () => {
  await stage?.strike();
  await server?.stop();
});

const first = {
  '001_users.expand.sql': 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\n',
  '001_users.revert.sql': 'DROP TABLE users;\n',
};
const second = {
  '002_mail.expand.sql': `-- @sync
ALTER TABLE users ADD COLUMN mail text;
CREATE FUNCTION users_in_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.mail := coalesce(NEW.mail, NEW.email); RETURN NEW; END $$;
CREATE TRIGGER users_in_step BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_in_step();
`,
  '002_mail.backfill.sql': `-- @table users
-- @key id
-- @batch 100
-- @verify SELECT count(*) FROM users WHERE mail IS NULL
UPDATE users SET mail = email WHERE id BETWEEN :from AND :to AND mail IS NULL;
`,
  '002_mail.revert.sql':
    'DROP TRIGGER users_in_step ON users;\nDROP FUNCTION users_in_step();\nALTER TABLE users DROP COLUMN mail;\n',
};

function lay(version: string, files: Readonly<Record<string, string>>): void {
  const release = join(stage.folder, 'releases/shop', version);
  rmSync(join(release, 'bluegreen.release.yaml'));
  rmSync(join(release, 'migrations'), { recursive: true });
  mkdirSync(join(release, 'migrations'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(release, 'migrations', file), text);
}

const columns = async () =>
  (await server.query(database, "SELECT column_name FROM information_schema.columns WHERE table_name = 'users'"))
    .map(({ column_name: name }) => name)
    .sort();

describe('a schema on PostgreSQL', { timeout: 170_000 }, () => {
  it('follows the releases, gives way to the session that holds a lock, and shows no password', async () => {
    const { engine } = stage.drive();
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    await server.query(database, "INSERT INTO users SELECT n, n || '@example.com' FROM generate_series(1, 1000) n");

    const held = server
      .query(
        database,
        "SET application_name = 'nightly report'; BEGIN; LOCK TABLE users IN ACCESS SHARE MODE; SELECT pg_sleep(25); COMMIT",
      )
      .catch(() => undefined);
    const blocked = await deployed(engine, 'v2.0');
    expect(blocked.outcome).toMatchObject({ kind: 'failed', code: 'schema-blocked' });
    expect(blocked.outcome?.sentence).toContain('nightly report');
    expect(await columns()).toEqual(['email', 'id']);
    expect(await (await fetch(`${stage.front}/health`)).json()).toMatchObject({ version: 'v1.0' });

    await held;
    const second = await deployed(engine, 'v2.0');
    expect(second.outcome).toMatchObject({ kind: 'promoted' });
    expect(second.schema?.verdict).toMatch(/^unknown, and only adds/);
    await eventually(() => engine.status().targets[0]?.schema?.migrations.at(-1)?.state === 'done', 60_000);
    expect(await server.query(database, 'SELECT count(*)::int AS n FROM users WHERE mail = email')).toEqual([
      { n: 1000 },
    ]);

    // A column that may still be needed is never removed: there is no contract file, and no scratch server.
    expect(await engine.migrations.contract({ actor: alice })).toMatchObject({
      refusal: { code: 'nothing-to-contract' },
    });
    await server.crash();
    const gone = await engine.migrations.status({});
    expect(gone).toMatchObject({ ok: false, refusal: { code: 'schema-refused' } });
    await server.start();
    expect(value(await engine.migrations.status({})).migrations.map(({ state }) => state)).toEqual(['done', 'done']);
    const reported = JSON.stringify([engine.audit.after(0, 10_000), engine.status(), gone, stage.settings.digest]);
    expect(reported).not.toContain(password);
  });
});
