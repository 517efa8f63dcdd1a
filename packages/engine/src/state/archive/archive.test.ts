// Moving the beginning of the log into files: nothing is lost, nothing is there twice, and the chain goes on.

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMountDisks, mountSmallDisk } from '../../lib/testing/small-disk.ts';
import { auditAfter, latestHead, rememberHead } from '../audit.ts';
import { verifyAudit } from '../audit-verification.ts';
import { advanceDeployment } from '../deployments.ts';
import { fetchedSha256 } from '../fetched.ts';
import { observationKey, progressKey, putSnapshot, remindedKey, renderedKey, trendKey } from '../snapshots.ts';
import { approvedDeployment } from '../testing/approved-deployment.ts';
import { movableClock, setState, type TestState } from '../testing/state.ts';
import { type ArchiveRun, type ArchiveStep, archiveRows } from './archive.ts';
import { latestArchive } from './archives.ts';

const dayMs = 86_400_000;
const clock = movableClock();
let state: TestState;
let folder: string;
beforeEach(() => {
  state = setState({ clock });
  folder = join(state.folder, 'archive');
});
afterEach(() => state.remove());

const say = (sentence: string, detail: object = {}) =>
  state.store.write((tx) => tx.audit({ actor: 'person:alice', action: 'resumed', sentence, detail } as never));
const sayMany = (count: number) => {
  for (let row = 1; row <= count; row += 1) say(`row ${row}`);
};
const run = (change: Partial<ArchiveRun> = {}): ArchiveRun => ({
  store: state.store,
  folder,
  actor: 'person:alice',
  before: clock.now() - dayMs,
  through: Number.MAX_SAFE_INTEGER,
  ...change,
});
const seqs = (): readonly number[] =>
  state.db.$client.prepare('SELECT seq FROM audit ORDER BY seq').pluck().all() as readonly number[];
const files = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
const linesIn = (file: string) =>
  gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly seq: number; readonly hash: string });

describe('archived rows', () => {
  it('are in a file, and no longer in the state, which continues their chain', async () => {
    sayMany(7);
    clock.advance(2 * dayMs);
    say('young');
    const made = await archiveRows(run());
    expect(made).toMatchObject({ firstSeq: 1, lastSeq: 7, retained: 0, recordedIn: 9 });
    expect(files()).toEqual([made?.file]);
    expect(linesIn(made?.file ?? '').map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seqs()).toEqual([8, 9]);
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 9, archived: { rows: 7, files: 1, heads: 0 } });
    expect(auditAfter(state.db, 0, 10).map(({ action }) => action)).toEqual(['resumed', 'state-archived']);
    say('goes on');
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 10 });
    expect(await archiveRows(run())).toBeUndefined();
  });

  it('are followed by the next archive', async () => {
    for (const last of [4, 8]) {
      sayMany(3);
      clock.advance(2 * dayMs);
      expect(await archiveRows(run())).toMatchObject({ lastSeq: last - 1 });
    }
    expect(files().length).toBe(2);
    // The row of the first archive stays: it proves the rows of the state about it.
    expect(seqs()).toEqual([4, 8]);
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, archived: { rows: 7, files: 2 } });
  });

  it('end before the first that is young, that a copy elsewhere lacks, or that comes after a clock was put back', async () => {
    sayMany(4);
    clock.advance(2 * dayMs);
    say('young');
    clock.jump(-5 * dayMs);
    say('as if it were old');
    clock.jump(5 * dayMs);
    expect(await archiveRows(run({ through: 0 }))).toBeUndefined();
    expect(await archiveRows(run({ least: 5 }))).toBeUndefined();
    expect(await archiveRows(run({ through: 2 }))).toMatchObject({ lastSeq: 2 });
    expect(await archiveRows(run())).toMatchObject({ firstSeq: 3, lastSeq: 4 });
    expect(seqs()).toEqual([5, 6, 7, 8]);
  });

  it('keep what the engine decides by: fetches, votes, and what is in a slot or under way', async () => {
    approvedDeployment(state, 'd_1');
    state.store.write((tx) =>
      tx.audit({
        actor: 'engine',
        action: 'release-fetched',
        service: 'shop',
        sentence: 'fetched',
        detail: { version: 'v1', source: 'https://example.com/v1.tgz', bytes: 1, files: 1, sha256: 'a', digest: 'a' },
      }),
    );
    sayMany(3);
    clock.advance(2 * dayMs);
    const made = await archiveRows(run());
    // d_1 has not ended.
    expect(made).toMatchObject({ lastSeq: 5, retained: 2 });
    expect(seqs()).toEqual([1, 2, 6]);
    expect(fetchedSha256(state.db, 'shop', 'v1')).toBe('a');
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, votes: 1 });
  });

  it('take what was observed of ended deployments and the heads of their rows with them', async () => {
    approvedDeployment(state, 'd_1');
    state.store.write((tx) => {
      advanceDeployment(tx, 'd_1', { outcome: 'promoted', finishedAt: tx.now });
      tx.audit({ actor: 'engine', action: 'deployment-finished', deploymentId: 'd_1', sentence: 'promoted' } as never);
    });
    rememberHead(state.db, latestHead(state.db) ?? { seq: 0, hash: '' }, 1, 'slack');
    const gone = [
      observationKey('d_1'),
      trendKey('d_1'),
      progressKey('d_1', 7),
      remindedKey('a_1'),
      renderedKey('a_1'),
    ];
    const others = [observationKey('d_10'), trendKey('d_10'), remindedKey('a_10')];
    for (const key of [...gone, ...others]) putSnapshot(state.db, key, 'x', 1);
    clock.advance(2 * dayMs);
    await archiveRows(run());
    const left = state.db.$client.prepare('SELECT key FROM snapshots WHERE value = \'"x"\' ORDER BY key').pluck().all();
    expect(left).toEqual(others.toSorted());
    expect(state.db.$client.prepare('SELECT count(*) FROM heads').pluck().get()).toBe(0);
    expect(verifyAudit(state.db)).toMatchObject({ intact: true });
  });

  it('whose detail would be another text when written again have the same hash in the file', async () => {
    say('odd', { a: 1 });
    const { $client: client } = state.db;
    const row = client.prepare('SELECT * FROM audit').get() as Record<string, unknown>;
    expect(row.detail).toBe('{"a":1}');
    const odd = setState({ clock, redact: (text) => text.replace('{"a":1}', '{"a":1.0}') });
    try {
      odd.store.write((tx) => tx.audit({ actor: 'x', action: 'resumed', sentence: 's', detail: { a: 1 } } as never));
      clock.advance(2 * dayMs);
      expect(await archiveRows(run({ store: odd.store }))).toMatchObject({ lastSeq: 1 });
      expect(verifyAudit(odd.db)).toMatchObject({ intact: true });
    } finally {
      odd.remove();
    }
  });
});

describe('the database', () => {
  it('removes no row that is in no archive, and none that stays', async () => {
    approvedDeployment(state, 'd_1');
    sayMany(2);
    clock.advance(2 * dayMs);
    await archiveRows(run({ through: 2 }));
    const remove = (seq: number) => state.db.$client.prepare('DELETE FROM audit WHERE seq = ?').run(seq);
    for (const seq of seqs()) expect(() => remove(seq)).toThrow('append-only');
    for (const statement of [
      'DELETE FROM archives',
      'UPDATE archives SET last_seq = 4',
      'DELETE FROM retained',
      'INSERT INTO retained VALUES (2)',
      "INSERT INTO archives SELECT 4, 3, last_hash, (SELECT hash FROM audit WHERE seq = 4), 1, 1, 'f', 1, sha256, 0, retained_digest, 4 FROM archives",
    ])
      expect(() => state.db.$client.exec(statement)).toThrow();
  });
});

describe('verification', () => {
  beforeEach(async () => {
    approvedDeployment(state, 'd_1');
    sayMany(3);
    clock.advance(2 * dayMs);
    await archiveRows(run());
    sayMany(2);
  });

  it.each([
    ['an edited row that stays', "UPDATE audit SET sentence = 'x' WHERE seq = 1", 'row 1 was edited'],
    ['a row that stays and was removed', 'DELETE FROM audit WHERE seq = 1', 'were removed or changed'],
    ['another archive', "UPDATE archives SET sha256 = replace(sha256, '0', '1')", 'does not say what the state says'],
    ['a removed archive', 'DELETE FROM archives', 'are gone'],
    ['an archive that ends earlier', 'UPDATE archives SET last_seq = 3', 'does not say'],
    ['a removed row after it', 'DELETE FROM audit WHERE seq = 6', 'are gone'],
    ['a removed row that recorded it', 'DELETE FROM audit WHERE seq = 5', 'row 5 does not say'],
  ])('shows %s', (_, statement, problem) => {
    for (const trigger of state.db.$client
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
      .pluck()
      .all())
      state.db.$client.exec(`DROP TRIGGER ${trigger}`);
    state.db.$client.exec(statement);
    expect(verifyAudit(state.db)).toMatchObject({ intact: false, problem: expect.stringContaining(problem) });
  });

  it('says which published heads only the files can be compared with', () => {
    const [first] = linesIn(latestArchive(state.db)?.file ?? '');
    const row3 = linesIn(latestArchive(state.db)?.file ?? '')[2];
    const outside = [first, row3].map((row) => ({ seq: row?.seq ?? 0, hash: row?.hash ?? '' }));
    expect(verifyAudit(state.db, outside)).toMatchObject({ intact: true, archived: { heads: 1 } });
    expect(verifyAudit(state.db, { seq: 1, hash: 'f'.repeat(64) })).toMatchObject({ intact: false, seq: 1 });
  });
});

describe('nothing is removed', () => {
  beforeEach(() => {
    sayMany(3);
    clock.advance(2 * dayMs);
  });
  const nothingChanged = () => {
    expect(seqs()).toEqual([1, 2, 3]);
    expect(latestArchive(state.db)).toBeUndefined();
  };

  it('where the folder is a file', async () => {
    writeFileSync(folder, '');
    await expect(archiveRows(run())).rejects.toThrow(folder);
    nothingChanged();
  });

  it.skipIf(process.getuid?.() === 0)('where the folder cannot be written', async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    await expect(archiveRows(run())).rejects.toMatchObject({ code: 'no-permission' });
    nothingChanged();
    chmodSync(folder, 0o700);
  });

  it.skipIf(!canMountDisks)('where the disk of the folder is full', async () => {
    const disk = mountSmallDisk(join(state.folder, 'disk'), 1);
    try {
      // Random, so that it cannot be made smaller.
      for (let row = 0; row < 40; row += 1) say(randomBytes(30_000).toString('base64'));
      clock.advance(2 * dayMs);
      const rows = seqs();
      await expect(archiveRows(run({ folder: disk.folder }))).rejects.toMatchObject({ code: 'disk-full' });
      expect(readdirSync(disk.folder)).toEqual([]);
      expect(seqs()).toEqual(rows);
      expect(latestArchive(state.db)).toBeUndefined();
      expect(await archiveRows(run())).toMatchObject({ lastSeq: 43 });
    } finally {
      disk.unmount();
    }
  });

  it('where a damaged file has the name of the archive', async () => {
    const made = await archiveRows(run());
    const other = setStateLike();
    const { file = '' } = made ?? {};
    writeFileSync(join(folder, file), readFileSync(join(folder, file)).subarray(0, 50));
    try {
      await expect(archiveRows(run({ store: other.store }))).rejects.toMatchObject({ code: 'archive-refused' });
      expect(latestArchive(other.db)).toBeUndefined();
      expect(files()).toEqual([file]);
    } finally {
      other.remove();
    }
  });

  it('while the file of rows that were recorded is damaged or missing', async () => {
    const stop = new AbortController();
    const made = await archiveRows(run({ reached: stopAt('recorded', stop), signal: stop.signal }));
    expect(seqs()).toEqual([1, 2, 3, 4]);
    expect(verifyAudit(state.db)).toMatchObject({ intact: true, rows: 4 });
    expect(auditAfter(state.db, 0, 10).map(({ seq }) => seq)).toEqual([4]);
    const path = join(folder, made?.file ?? '');
    const content = readFileSync(path);
    const another = gzipSync(gunzipSync(content), { level: 1 });
    for (const damage of [content.subarray(0, 60), another]) {
      writeFileSync(path, damage);
      await expect(archiveRows(run())).rejects.toMatchObject({ code: 'archive-refused' });
    }
    rmSync(path);
    await expect(archiveRows(run())).rejects.toMatchObject({ code: 'archive-refused' });
    expect(seqs()).toEqual([1, 2, 3, 4]);
    writeFileSync(path, content);
    expect(await archiveRows(run())).toBeUndefined();
    expect(seqs()).toEqual([4]);
  });
});

const stopAt = (wanted: ArchiveStep, stop: AbortController) => (step: ArchiveStep) => {
  if (step === wanted) stop.abort();
};

/** A copy of this state from before its archive, as a backup that was put back. */
function setStateLike(): TestState {
  const other = setState({ clock });
  const rows = linesIn(latestArchive(state.db)?.file ?? '') as readonly Record<string, unknown>[];
  const put = other.db.$client.prepare(
    'INSERT INTO audit (seq, at, actor, action, service, target, deployment_id, code, sentence, detail, previous_hash, hash) VALUES (@seq, @at, @actor, @action, @service, @target, @deploymentId, @code, @sentence, @detailText, @previousHash, @hash)',
  );
  let previousHash = '0'.repeat(64);
  for (const row of rows) {
    put.run({ ...row, detailText: JSON.stringify(row.detail), previousHash });
    previousHash = String(row.hash);
  }
  return other;
}
