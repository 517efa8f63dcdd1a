import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyAudit } from './audit-verification.ts';
import { openDatabase } from './database.ts';
import { setAsideCorruptState } from './set-aside.ts';
import { setState, type TestState } from './testing/state.ts';

const child = resolve(import.meta.dirname, 'testing/open-once.ts');
const run = promisify(execFile);
let folder = '';
let state: TestState | undefined;
const newFolder = (): string => (folder = mkdtempSync(join(tmpdir(), 'bg-open-')));

afterEach(() => {
  state?.remove();
  state = undefined;
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return 'no error';
  } catch (thrown) {
    return (thrown as { code?: unknown }).code;
  }
};

describe('opening the state', () => {
  it('makes folder and tables, and is durable', () => {
    state = setState();
    const pragma = (name: string) => state?.db.$client.pragma(name, { simple: true });
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
    expect(state.db.$client.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'audit'").pluck().get()).toBe(1);
  });

  it('refuses a file that a newer version wrote, and leaves it as it is', () => {
    openDatabase(newFolder()).$client.close();
    const file = new Database(join(folder, 'state.sqlite'));
    file.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run('future', 9_999_999_999_999);
    const applied = file.prepare('SELECT hash FROM __drizzle_migrations ORDER BY created_at').pluck();
    const before = applied.all();
    expect(codeOf(() => openDatabase(folder))).toBe('state-newer');
    expect(applied.all()).toEqual(before);
    expect(before.at(-1)).toBe('future');
    file.close();
  });

  it('guards the log of a file that the version before wrote, and keeps its rows', () => {
    state = setState();
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'before' }));
    const client = state.db.$client;
    const triggers = client.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
    const added = readFileSync(
      resolve(import.meta.dirname, '../../../../migrations/0007_audit_only_grows.sql'),
      'utf8',
    );
    for (const trigger of triggers) if (added.includes(String(trigger))) client.exec(`DROP TRIGGER ${trigger}`);
    client.exec('ALTER TABLE leases DROP COLUMN held');
    client.exec('DELETE FROM __drizzle_migrations WHERE created_at >= 1795300000000');
    client.exec(
      "REPLACE INTO audit SELECT seq, at, 'person:eve', action, service, target, deployment_id, code, sentence, detail, previous_hash, hash FROM audit",
    );
    expect(client.prepare('SELECT actor FROM audit').pluck().all()).toEqual(['person:eve']);
    const { db } = state.another();
    expect(() => db.$client.exec('REPLACE INTO audit SELECT * FROM audit')).toThrow('append-only');
    expect(verifyAudit(db)).toMatchObject({ intact: false, seq: 1 });
  });

  it('refuses a file that is no database', () => {
    writeFileSync(join(newFolder(), 'state.sqlite'), 'this was once a database '.repeat(400));
    expect(codeOf(() => openDatabase(folder))).toBe('state-corrupt');
  });

  it('refuses a file whose pages are damaged', () => {
    state = setState();
    state.store.write((tx) => {
      for (let row = 0; row < 400; row += 1)
        tx.audit({ actor: 'engine', action: 'resumed', sentence: 'x'.repeat(200) });
    });
    state.db.$client.pragma('wal_checkpoint(TRUNCATE)');
    state.db.$client.close();
    const path = join(state.folder, 'state.sqlite');
    const file = new Database(path);
    const pages = Number(file.pragma('page_count', { simple: true }));
    const size = Number(file.pragma('page_size', { simple: true }));
    file.close();
    const damaged = Buffer.alloc(size * (pages - 12), 0xa5);
    writeAt(path, damaged, size * 10);
    expect(codeOf(() => openDatabase(state?.folder ?? ''))).toBe('state-corrupt');
  });

  it('refuses a large file whose sides are damaged, and opens it as fast as a small one', () => {
    state = setState();
    for (let row = 0; row < 5; row += 1)
      state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'x'.repeat(4 << 20) }));
    const path = join(state.folder, 'state.sqlite');
    const { $client: client } = state.db;
    client.pragma('wal_checkpoint(TRUNCATE)');
    const size = Number(client.pragma('page_size', { simple: true }));
    const page = (name: string) =>
      Number(client.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').pluck().get(name));
    const [sides, builds] = [page('slots'), page('builds')];
    client.close();
    writeAt(path, Buffer.alloc(size, 0xa5), size * (builds - 1));
    expect(codeOf(() => openDatabase(state?.folder ?? '').$client.close())).toBe('no error');
    writeAt(path, Buffer.alloc(size, 0xa5), size * (sides - 1));
    expect(codeOf(() => openDatabase(state?.folder ?? ''))).toBe('state-corrupt');
  });

  it('refuses one that another process does not stop writing to, and does not call it corrupt', async () => {
    state = setState();
    const { folder: path } = state;
    const holder = spawn(process.execPath, [child, path, 'hold', '30000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('held');
    expect(codeOf(() => openDatabase(path))).toBe('state-locked');
    expect(codeOf(() => setAsideCorruptState(path, Date.now()))).toBe('state-locked');
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await gone;
    expect(codeOf(() => openDatabase(path).$client.close())).toBe('no error');
  });

  it('by six processes at the same moment gives all of them one state and one unbroken log', async () => {
    newFolder();
    const outputs = await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, [child, folder])));
    expect(outputs.map(({ stdout }) => stdout.trim())).toEqual(Array.from({ length: 6 }, () => 'written'));
    const db = openDatabase(folder);
    expect(verifyAudit(db)).toMatchObject({ intact: true, rows: 6 });
    db.$client.close();
  });

  it('is notified of a change by another process, long before its own time limit', async () => {
    state = setState();
    const waiter = spawn(process.execPath, [child, state.folder, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: waiter.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('waiting');
    const at = Date.now();
    state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence: 'wake up' }));
    const [, woken] = String((await lines.next()).value).split(' ');
    expect(Number(woken) - at).toBeLessThan(10_000);
  });
});

function writeAt(path: string, bytes: Buffer, position: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}
