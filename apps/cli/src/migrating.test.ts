import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatusView } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
let sql: string;

beforeAll(async () => {
  shell = await openShell(
    `
        canary: []
        bake: 1s
        approval: { approvers: [alice], fourEyes: false }
        database: { driver: sqlite, rollbackFor: 0s }
`,
    { database: true },
  );
  sql = mkdtempSync(join(tmpdir(), 'bg-lint-'));
});
afterAll(async () => {
  await shell.close();
  rmSync(sql, { recursive: true, force: true });
});

describe('bg migrate lint', () => {
  const lint = (...words: readonly string[]) =>
    shell.start(['migrate', 'lint', sql, ...words], { BLUEGREEN_CONFIG: '/nowhere/bluegreen.yaml' }).ended;

  it('needs neither configuration nor server, and names file and line', async () => {
    writeFileSync(join(sql, '001_mail.expand.sql'), '-- renames\nALTER TABLE users RENAME COLUMN email TO mail;\n');
    const { code, out } = await lint('--driver', 'sqlite');
    expect(code).toBe(1);
    expect(out).toMatch(/001_mail\.expand\.sql:2 {2}error/);
  });

  it.each([
    ['json', (out: string) => expect(JSON.parse(out)).toMatchObject({ errors: expect.any(Number) })],
    ['sarif', (out: string) => expect(JSON.parse(out)).toMatchObject({ version: '2.1.0' })],
    ['github', (out: string) => expect(out).toMatch(/^::error file=/m)],
  ])('reports as %s', async (format, looksRight) => {
    looksRight((await lint('--driver', 'sqlite', '--format', format)).out);
  });

  it('knows the ledger by its configured name', async () => {
    const [config, folder] = [join(sql, 'bluegreen.yaml'), join(sql, 'ledger')];
    const text = readFileSync(shell.config, 'utf8');
    writeFileSync(config, text.replace('driver: sqlite,', 'driver: sqlite, table: bg_steps,'));
    mkdirSync(folder);
    writeFileSync(join(folder, '001_old.contract.sql'), 'DROP TABLE bg_steps;\n');
    const { code, out } = await shell.start(['migrate', 'lint', folder], { BLUEGREEN_CONFIG: config }).ended;
    expect(out).toContain('changing-ledger');
    expect(code).toBe(1);
  });

  it('shows what is not in a baseline, from a number on, and of one rule', async () => {
    const baseline = join(sql, 'baseline.json');
    expect(await lint('--driver', 'sqlite', '--write-baseline', baseline)).toMatchObject({ code: 0 });
    const none = await lint('--driver', 'sqlite', '--baseline', baseline);
    expect(none).toMatchObject({ code: 0, out: expect.stringMatching(/nothing to say, \d+ not shown/) });
    writeFileSync(join(sql, '002_name.expand.sql'), 'ALTER TABLE users RENAME COLUMN name TO full_name;\n');
    const news = await lint('--driver', 'sqlite', '--baseline', baseline);
    expect(news).toMatchObject({ code: 1, out: expect.stringContaining('002_name.expand.sql') });
    expect(news.out).not.toContain('001_mail.expand.sql');
    expect((await lint('--driver', 'sqlite', '--since', '002')).out).not.toContain('001_mail.expand.sql');
    const ofOne = (await lint('--driver', 'sqlite', '--rule', 'missing-revert', '--format', 'json')).out;
    expect(JSON.parse(ofOne).findings.map(({ rule }: { rule: string }) => rule)).toEqual([
      'missing-revert',
      'missing-revert',
    ]);
    expect(await lint('--driver', 'sqlite', '--baseline', join(sql, '001_mail.expand.sql'))).toMatchObject({ code: 2 });
    expect(await lint('--driver', 'sqlite', '--write-baseline', join(sql, 'nowhere', 'x'))).toMatchObject({ code: 2 });
    const typo = await lint('--driver', 'sqlite', '--rule', 'missing-revrt');
    expect(typo).toMatchObject({ code: 2, err: expect.stringContaining('--rule missing-revert') });
    rmSync(join(sql, '002_name.expand.sql'));
  });

  it('asks which database, and knows its formats', async () => {
    expect(await lint()).toMatchObject({ code: 2, err: expect.stringContaining('--driver postgres') });
    expect(await lint('--driver', 'oracle')).toMatchObject({ code: 2, err: expect.stringContaining('no database') });
    expect((await lint('--driver', 'sqlite', '--format', 'xml')).err).toContain('"xml" is no format');
  });
});

describe('bg migrate', { timeout: 240_000 }, () => {
  it('runs what is pending on a copy, and never on the live database', async () => {
    expect((await shell.bg('deploy', 'v2.0')).code).toBe(0);
    await tryOnCopy();
  });

  it('plans, widens, fills, shows and contracts, one step at a time', async () => {
    const plan = await shell.bg('migrate', 'plan', '--release', 'v2.1');
    expect(plan.out).toContain('expand 003_cents, before it starts');
    expect((await shell.bg('migrate', 'status')).out).toMatch(/002_taken_by\s+done/);

    expect(await shell.bg('migrate', 'expand', '--release', 'v2.1')).toMatchObject({
      code: 0,
      out: 'expand: 003_cents\n',
    });
    expect((await shell.bg('migrate', 'expand', '--release', 'v2.1')).out).toBe('expand: nothing was left to do\n');
    expect((await shell.bg('migrate', 'backfill', '--release', 'v2.1')).out).toBe('backfill: 003_cents\n');
    expect((await shell.bg('deploy', 'v2.1')).code).toBe(0);

    const early = await shell.bg('migrate', 'contract');
    expect(early).toMatchObject({ code: 3, err: expect.stringContaining('v2.0 still needs the old shape') });
    expect((await shell.bg('stop', 'blue')).code).toBe(0);
    const asked = await shell.bg('migrate', 'contract', '--json');
    expect(asked.json()).toMatchObject({
      status: 'pending',
      consequence: 'after this, rollback to v2.0 is impossible',
    });
    const id = String(asked.json().id);
    expect((await shell.bg('status')).out).toContain(`bg migrate approve ${id}`);
    await cutOff(id);
    // Every command names one state, and one way on.
    const inStatus = await shell.bg('status');
    expect(inStatus.out).toContain(`contract ${id} running: It was begun and cut off, and no controller is alive`);
    const again = await shell.bg('migrate', 'contract');
    expect(again).toMatchObject({ code: 3, err: expect.stringContaining(`contract ${id} of 003_cents is running`) });
    expect(again.err).toContain(`bg migrate approve ${id}`);
    expect((await shell.bg('migrate', 'approve', id)).out).toContain(`contract ${id} of 003_cents: done`);
    const story = (await shell.bg('audit', 'export')).out;
    expect(story).toContain(`goes on with the contract ${id} of 003_cents, which was cut off`);
    expect((await shell.bg('rollback', 'v2.0')).err).toContain('cannot run on the schema of shop any more');
    expect((await shell.bg('status')).out).toContain('schema sqlite: 003_cents done');
  });

  async function tryOnCopy(): Promise<void> {
    const [live, copy] = [join(shell.folder, 'shop.sqlite'), join(shell.folder, 'copy.sqlite')];
    const database = new DatabaseSync(live);
    database.prepare('VACUUM INTO ?').run(copy);
    database.close();
    const words = ['migrate', 'try', '--release', 'v2.1'];
    expect((await shell.bg('migrate', '--help')).out).toContain('try [options] [place]');
    expect(await shell.bg(...words)).toMatchObject({ code: 2, err: expect.stringContaining('--copy <url>') });
    const refused = await shell.bg(...words, '--copy', `sqlite:${live}`);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('leads to the live database itself') });
    const tried = await shell.bg(...words, '--copy', `sqlite:${copy}`, '--contract', '--json');
    expect(tried.code).toBe(0);
    expect(tried.json()).toMatchObject({
      ...{ ok: true, version: 'v2.1', copy: `sqlite:${copy}`, waiting: [] },
      steps: [
        { phase: 'expand', ids: ['003_cents'] },
        { phase: 'backfill' },
        { phase: 'contract', ids: ['003_cents'] },
      ],
    });
    const again = await shell.bg(...words, '--copy', `sqlite:${copy}`);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('nothing was pending') });
    expect((await shell.bg('migrate', 'status', '--release', 'v2.1')).out).toContain('expand would run 003_cents');
    const story = (await shell.bg('audit', 'export')).out;
    expect(story).toContain(`tries the migrations of v2.1 on sqlite:${copy}`);
    expect(story).toContain('migrate try: the address of the copy leads to the live database itself');
  }

  /** Approves it, and kills the process that runs it while it waits for the lock of the database. */
  async function cutOff(id: string): Promise<void> {
    const holder = new DatabaseSync(join(shell.folder, 'shop.sqlite'), { timeout: 10_000 });
    holder.exec('BEGIN IMMEDIATE');
    const { child, ended } = shell.start(['migrate', 'approve', id]);
    for (let status = 'pending'; status !== 'running'; ) {
      const { targets } = (await shell.bg('status', '--json')).json() as unknown as StatusView;
      status = targets[0]?.schema?.contract?.status ?? 'none';
      expect(['pending', 'approved', 'running']).toContain(status);
    }
    child.kill('SIGKILL');
    await ended;
    holder.exec('ROLLBACK');
    holder.close();
  }

  it('holds a backfill and lets it go on, and shows what the database is doing', async () => {
    expect((await shell.bg('migrate', 'pause', '--reason', 'month end')).out).toContain('bg migrate resume');
    expect((await shell.bg('status')).out).toMatch(/backfill held by alice since .*: month end/);
    expect((await shell.bg('migrate', 'resume')).out).toContain('The backfill goes on');
    expect((await shell.bg('migrate', 'activity')).out).toContain('SQLite has no server');
  });

  it('that fails in the middle says what is done, and not that nothing was changed', async () => {
    const releases = join(shell.folder, 'releases', 'shop');
    cpSync(join(releases, 'v2.1'), join(releases, 'v2.9'), { recursive: true });
    writeFileSync(
      join(releases, 'v2.9', 'migrations', '004_broken.backfill.sql'),
      "-- @table orders\n-- @key id\nUPDATE orders SET product = json_extract('{', '$.x') WHERE id BETWEEN :from AND :to;\n",
    );
    expect(await shell.bg('migrate', 'expand', '--release', 'v2.9')).toMatchObject({ code: 0 });
    const { code, err } = await shell.bg('migrate', 'backfill', '--release', 'v2.9');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('failed (schema-failed)') });
    expect(err).toContain('004_broken was begun and is not done');
    expect(err).not.toContain('Nothing was changed');
    expect((await shell.bg('history', '--json')).code).toBe(0);
  });

  it('lets only an approver correct the record, and says what it needs', async () => {
    const stranger = await shell.start(['migrate', 'repair', '003_cents', '--mark-applied', '--reason', 'x'], {
      BLUEGREEN_CONFIG: shell.unauthenticatedConfig,
    }).ended;
    expect(stranger.code).not.toBe(0);
    expect((await shell.bg('migrate', 'repair', '003_cents', '--mark-applied')).err).toContain('needs its reason');
    expect((await shell.bg('migrate', 'repair', '--reason', 'x')).err).toContain('Say what is so');
    const nothing = await shell.bg('migrate', 'repair', '003_cents', '--mark-applied', '--reason', 'x');
    expect(nothing).toMatchObject({ code: 3, err: expect.stringContaining('no step of it is unfinished') });
    expect((await shell.bg('migrate', 'revert', '003_cents')).err).toContain('no way back');
    expect((await shell.bg('migrate', 'baseline', 'x')).err).toContain('no number of a migration');
  });
});
