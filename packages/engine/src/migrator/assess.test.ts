// The whole question, from releases in their folders to the verdict, on a real SQLite file.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DatabaseSettings } from '../config/database/settings.ts';
import { readReleaseManifest } from '../config/release-manifest/release-manifest.ts';
import { systemClock } from '../lib/clock.ts';
import { describeReport } from './evidence/describe.ts';
import { mayContract, mayExpand } from './evidence/report.ts';
import type { Assessment, Migrator } from './migrator.ts';
import { sqlite } from './sqlite/descriptor.ts';

let folder: string;
let migrator: Migrator;
const never = new AbortController().signal;
const limits = { lockTimeoutMs: 500, lockTries: 20, lockTotalMs: 30_000, statementTimeoutMs: 30_000 };
const settings: DatabaseSettings = {
  driver: 'sqlite',
  url: '',
  scratch: undefined,
  migrations: 'migrations',
  table: 'schema_migrations',
  lockTimeoutMs: 500,
  lockTotalMs: 30_000,
  statementTimeoutMs: 30_000,
  rollbackForMs: 0,
  sharedTables: [],
  onlineTools: [],
  beforeContract: undefined,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-assess-'));
  const file = join(folder, 'shop.sqlite');
  migrator = sqlite.create({
    ...{ settings, limits, lockWaitMs: 10_000, clock: systemClock },
    address: () => `sqlite:${file}`,
    filledIn: (address) => address,
    manifestOf: readReleaseManifest,
    smokeEnv: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

const users = {
  'migrations/001_users.expand.sql': 'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, nick TEXT);',
  'migrations/001_users.revert.sql': 'DROP TABLE users;',
};
const withoutNick = { ...users, 'migrations/002_nick.contract.sql': 'ALTER TABLE users DROP COLUMN nick;' };
const readsNick = 'schema: { statements: statements.sql }';

function release(version: string, files: Readonly<Record<string, string>>): string {
  const at = join(folder, version);
  mkdirSync(join(at, 'migrations'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
  return at;
}

const run = (at: string, kind: 'expand') => migrator.run(at, { kind }, { signal: never, say: () => {} });
const ask = (at: string, act: Assessment['act'], versions: readonly string[] = ['v1']) =>
  migrator.assess(
    {
      releaseFolder: at,
      act,
      releases: versions.map((version) => ({ version, folder: join(folder, version), runsNow: true })),
    },
    never,
  );

describe('an assessment', () => {
  test('lets a schema grow under a release whose needs are unknown, and says so', async () => {
    await run(release('v1', users), 'expand');
    const v2 = release('v2', {
      ...users,
      'migrations/002_city.expand.sql': 'ALTER TABLE users ADD COLUMN city TEXT;',
      'migrations/002_city.revert.sql': 'ALTER TABLE users DROP COLUMN city;',
    });
    const report = await ask(v2, { kind: 'expand' });
    expect(report).toMatchObject({ verdict: 'unknown', additive: true });
    expect(mayExpand(report)).toBe(true);
    expect(describeReport(report).headline).toBe('unknown, and only adds: nothing is known of what v1 needs');
  });

  test('refuses what the rules refuse, and not what its author takes on', async () => {
    await run(release('v1', { ...users, 'bluegreen.release.yaml': 'schema: { reads: [users.email] }' }), 'expand');
    const drop = (comment: string) =>
      release(`v2${comment.length}`, {
        ...users,
        'migrations/002_nick.expand.sql': `${comment}ALTER TABLE users DROP COLUMN nick;`,
        'migrations/002_nick.revert.sql': 'ALTER TABLE users ADD COLUMN nick TEXT;',
      });
    const refused = await ask(drop(''), { kind: 'expand' });
    expect(refused.verdict).toBe('incompatible');
    const [found] = refused.findings;
    expect(found).toMatchObject({ layer: 'static', file: '002_nick.expand.sql', effect: 'breaks' });
    const rule = /:1 ([a-z-]+):/.exec(found?.sentence ?? '')?.[1];
    const accepted = await ask(drop(`-- @accept ${rule}: nobody reads it\n`), { kind: 'expand' });
    expect(accepted.verdict, JSON.stringify(accepted.findings)).toBe('compatible');
    expect(JSON.stringify(accepted.findings)).toContain('accepted: nobody reads it');
  });

  test('refuses a contract while a release’s statements need what it takes, and names them', async () => {
    const needs = { 'bluegreen.release.yaml': readsNick, 'statements.sql': 'SELECT nick FROM users WHERE id = ?;' };
    await run(release('v1', { ...users, ...needs }), 'expand');
    const v2 = release('v2', { ...withoutNick, ...needs, 'statements.sql': 'SELECT email FROM users;' });
    const contract = { kind: 'contract', ids: ['002_nick'] } as const;
    const refused = await ask(v2, contract, ['v2', 'v1']);
    expect(refused).toMatchObject({
      verdict: 'incompatible',
      findings: [
        { layer: 'prepare', release: 'v1', file: '002_nick.contract.sql', object: 'users.nick', effect: 'breaks' },
      ],
      coverage: [{ release: 'v2' }, { release: 'v1', statements: 1, prepared: 1 }],
    });
    const alone = await ask(v2, contract, ['v2']);
    expect([alone.verdict, mayContract(alone)]).toEqual(['compatible', true]);
  });

  test('allows no removal of what is not known to be unused', async () => {
    await run(release('v1', users), 'expand');
    const report = await ask(release('v2', withoutNick), { kind: 'contract', ids: ['002_nick'] });
    expect(report).toMatchObject({ verdict: 'unknown', additive: false });
    expect([mayContract(report), mayExpand(report)]).toEqual([false, false]);
  });

  test('regards a release that contains the contract as written for it', async () => {
    await run(release('v1', withoutNick), 'expand');
    const report = await ask(join(folder, 'v1'), { kind: 'contract', ids: ['002_nick'] });
    expect(report).toMatchObject({ verdict: 'compatible', coverage: [{ source: 'own files' }] });
  });

  test('of the current schema finds a release that cannot run on it', async () => {
    await run(release('v1', users), 'expand');
    const statements = 'SELECT city FROM users; INSERT INTO users (nick) VALUES (?);';
    const old = release('v0', { 'bluegreen.release.yaml': readsNick, 'statements.sql': statements });
    const report = await ask(old, { kind: 'nothing' }, ['v0']);
    expect(report.verdict).toBe('incompatible');
    expect(report.findings.map(({ layer, effect }) => `${layer} ${effect}`)).toEqual([
      'prepare breaks',
      'insert breaks',
    ]);
  });

  test('refuses a manifest with a fault, with its place', async () => {
    await run(release('v1', { ...users, 'bluegreen.release.yaml': 'schema: { read: [users] }' }), 'expand');
    await expect(ask(join(folder, 'v1'), { kind: 'nothing' })).rejects.toThrow(
      /bluegreen\.release\.yaml:1:11 .*did you mean "reads"/,
    );
  });
});
