// A backup of a state that is being written, and what is refused.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from './audit-verification.ts';
import { backupState } from './backup.ts';
import { openDatabase } from './database.ts';
import { settleState } from './rest.ts';
import { setState, type TestState } from './testing/state.ts';

const writer = resolve(import.meta.dirname, 'testing/write-on.ts');
let state: TestState;
let target: string;
beforeEach(() => {
  state = setState();
  target = join(state.folder, 'copies');
  mkdirSync(target);
});
afterEach(() => state.remove());

const say = (sentence: string): void =>
  state.store.write((tx) => tx.audit({ actor: 'engine', action: 'resumed', sentence }));

describe('a backup', () => {
  it('is one whole moment of a state that another process writes all the time', async () => {
    for (let row = 0; row < 2_000; row += 1) say('x'.repeat(1_000));
    const child = spawn(process.execPath, [writer, state.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const file = join(target, 'copy.sqlite');
    const made = await backupState(state.folder, file);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(made.auditRows).toBeGreaterThan(2_000);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(target)).toEqual(['copy.sqlite']);
    // Put into place it is a state as any other.
    const restored = join(target, 'restored');
    mkdirSync(restored, { mode: 0o700 });
    copyFileSync(file, join(restored, 'state.sqlite'));
    const db = openDatabase(restored);
    expect(verifyAudit(db)).toMatchObject({ intact: true, rows: made.auditRows, head: made.auditHead });
    db.$client.close();
  });

  it('replaces no file, and needs a folder and a state', async () => {
    const file = join(target, 'copy.sqlite');
    writeFileSync(file, 'mine');
    await expect(backupState(state.folder, file)).rejects.toMatchObject({
      code: 'backup-refused',
      message: expect.stringContaining('exists already'),
    });
    await expect(backupState(state.folder, join(target, 'none/copy.sqlite'))).rejects.toMatchObject({
      message: expect.stringContaining('there is no folder'),
    });
    await expect(backupState(join(target, 'none'), join(target, 'other'))).rejects.toMatchObject({
      message: expect.stringContaining('there is no state'),
    });
    expect([readdirSync(target), existsSync(join(target, 'none'))]).toEqual([['copy.sqlite'], false]);
  });

  it('of a log that was tampered with is removed, and the error says where', async () => {
    for (let row = 0; row < 5; row += 1) say(`row ${row}`);
    for (const name of state.db.$client
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
      .pluck()
      .all())
      state.db.$client.exec(`DROP TRIGGER "${name}"`);
    state.db.$client.exec("UPDATE audit SET sentence = 'other' WHERE seq = 3");
    await expect(backupState(state.folder, join(target, 'copy.sqlite'))).rejects.toMatchObject({
      code: 'state-corrupt',
      message: expect.stringContaining('row 3'),
    });
    expect(readdirSync(target)).toEqual([]);
  });
});

it('at rest the main file holds everything, so that a log damaged by a crash loses nothing', () => {
  for (let row = 0; row < 50; row += 1) say(`row ${row}`);
  settleState(state.db);
  const crashed = join(target, 'crashed');
  mkdirSync(crashed, { mode: 0o700 });
  copyFileSync(join(state.folder, 'state.sqlite'), join(crashed, 'state.sqlite'));
  writeFileSync(join(crashed, 'state.sqlite-wal'), readFileSync(join(state.folder, 'state.sqlite-wal')).fill(7, 64));
  const db = openDatabase(crashed);
  expect(verifyAudit(db)).toMatchObject({ intact: true, rows: 50 });
  db.$client.close();
});
