// What the flow rests on of every migrator, with the files of one release that widens, fills and tightens.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Migrator, SchemaAct, SchemaWork } from './migrator.ts';
import type { MigrationEvent } from './phases/context.ts';
import { fullNameFiles, usersFiles, withoutNameFiles } from './testing/users-migrations.ts';

export interface MigratorFixture {
  readonly migrator: Migrator;
  /** As another process opens it. */
  readonly another: () => Migrator;
  /** Where releases are. */
  readonly folder: string;
  readonly close: () => void;
}

interface Stage extends MigratorFixture {
  readonly releases: Readonly<Record<'users' | 'fullName' | 'withoutName', string>>;
  run(
    folder: string,
    act: SchemaAct,
    change?: Partial<SchemaWork>,
  ): Promise<{ readonly ids: readonly string[]; readonly said: readonly string[] }>;
  verdicts(afterwards?: readonly string[]): Promise<readonly string[]>;
}

export function migratorContract(name: string, makeFixture: () => MigratorFixture): void {
  describe(`${name} keeps the contract of migrators`, () => {
    let stage: Stage;
    beforeEach(() => {
      stage = stageOf(makeFixture());
    });
    afterEach(() => stage.close());
    phaseContract(() => stage);
    endingContract(() => stage);
  });
}

function stageOf(fixture: MigratorFixture): Stage {
  const lay = (version: string, files: Readonly<Record<string, string>>) =>
    layFiles(join(fixture.folder, version), files);
  const releases = {
    users: lay('v1', usersFiles),
    fullName: lay('v2', fullNameFiles),
    withoutName: lay('v3', withoutNameFiles),
  };
  return {
    ...fixture,
    releases,
    run: async (folder, act, change = {}) => {
      const events: MigrationEvent[] = [];
      const work = { signal: new AbortController().signal, say: (event: MigrationEvent) => void events.push(event) };
      const ids = await fixture.migrator.run(folder, act, { ...work, ...change });
      return { ids, said: events.filter(({ kind }) => kind !== 'progress').map(({ kind }) => kind) };
    },
    verdicts: async (afterwards = []) =>
      (await fixture.another().compatible(Object.values(releases), afterwards)).map(({ verdict }) => verdict),
  };
}

function phaseContract(stage: () => Stage): void {
  it('names one place for all who work on the database', () => {
    expect(stage().migrator.place()).toEqual(expect.any(String));
    expect(stage().another().place()).toBe(stage().migrator.place());
    expect(stage().migrator.kind).toEqual(expect.any(String));
  });

  it('expands in order, once, reports both ends, and shows it to every other', async () => {
    expect((await stage().another().status(stage().releases.fullName)).next).toMatchObject({
      expand: ['001_users', '002_full_name'],
      backfill: [],
    });
    expect(await stage().verdicts()).toEqual(['incompatible', 'incompatible', 'incompatible']);
    expect(await stage().run(stage().releases.fullName, { kind: 'expand' })).toEqual({
      ids: ['001_users', '002_full_name'],
      said: ['begun', 'done', 'begun', 'done'],
    });
    expect(await stage().run(stage().releases.fullName, { kind: 'expand' })).toEqual({ ids: [], said: [] });
    expect(await stage().run(stage().releases.users, { kind: 'expand' })).toEqual({ ids: [], said: [] });
    expect((await stage().another().status(stage().releases.fullName)).next).toEqual({
      expand: [],
      backfill: ['002_full_name'],
      contract: [],
    });
    expect(await stage().verdicts()).toEqual(['compatible', 'compatible', 'compatible']);
  });

  it('contracts only what is filled and asked for', async () => {
    const contract = { kind: 'contract', ids: ['002_full_name'] } as const;
    await stage().run(stage().releases.withoutName, { kind: 'expand' });
    expect((await stage().migrator.plan(stage().releases.withoutName)).contract).toMatchObject({
      ready: [],
      waiting: [{ id: '002_full_name', why: 'its backfill is not done' }],
    });
    await expect(stage().run(stage().releases.withoutName, contract)).rejects.toMatchObject({ code: 'not-allowed' });
    expect(await stage().run(stage().releases.withoutName, { kind: 'backfill' })).toEqual({
      ids: ['002_full_name'],
      said: ['begun', 'done'],
    });
    expect(await stage().verdicts()).toEqual(['compatible', 'compatible', 'compatible']);
    expect(await stage().verdicts(contract.ids)).toEqual(['incompatible', 'incompatible', 'compatible']);
    expect((await stage().run(stage().releases.withoutName, contract)).ids).toEqual(['002_full_name']);
    expect((await stage().run(stage().releases.withoutName, contract)).ids).toEqual([]);
    expect(await stage().verdicts()).toEqual(['incompatible', 'incompatible', 'compatible']);
    const [lost] = await stage().migrator.compatible([stage().releases.users]);
    expect(lost).toMatchObject({ lost: ['002_full_name'] });
  });
}

function endingContract(stage: () => Stage): void {
  it('runs nothing when it is stopped before it begins, and the rest the next time', async () => {
    const stopped = stage().run(stage().releases.fullName, { kind: 'expand' }, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'MigrationError', code: 'stopped' });
    expect((await stage().run(stage().releases.fullName, { kind: 'expand' })).ids).toEqual([
      '001_users',
      '002_full_name',
    ]);
  });

  it('ends with what its reporter throws, and goes on from there the next time', async () => {
    const gone = new Error('the reporter is gone');
    const lost = stage().run(stage().releases.fullName, { kind: 'expand' }, { say: () => fail(gone) });
    await expect(lost).rejects.toThrow(gone.message);
    expect((await stage().run(stage().releases.fullName, { kind: 'expand' })).ids).toEqual([
      '001_users',
      '002_full_name',
    ]);
  });

  it('refuses files that no rule allows, in its plan and where they would run', async () => {
    const broken = layFiles(join(stage().folder, 'v9'), { 'migrations/001_users.expnd.sql': 'SELECT 1;' });
    expect((await stage().migrator.plan(broken)).problems).toHaveLength(1);
    await expect(stage().run(broken, { kind: 'expand' })).rejects.toMatchObject({ code: 'files-invalid' });
    await expect(stage().migrator.status(broken)).rejects.toMatchObject({ code: 'files-invalid' });
    expect(await stage().migrator.compatible([broken])).toMatchObject([{ verdict: 'unknown', lost: [] }]);
  });
}

function layFiles(release: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(release, name)), { recursive: true });
    writeFileSync(join(release, name), text);
  }
  return release;
}

function fail(thrown: Error): never {
  throw thrown;
}
