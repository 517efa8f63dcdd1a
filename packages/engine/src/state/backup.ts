// A copy of the state that is whole by itself. Copying state.sqlite alone is none: the latest commits lie in its log.

import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { BlueGreenError } from '../lib/errors.ts';
import { syncFolder } from '../lib/files.ts';
import { storageFault } from '../lib/storage-fault.ts';
import { damageOf, openDatabase } from './database.ts';

export interface Backup {
  readonly file: string;
  readonly bytes: number;
  readonly auditRows: number;
}

/**
 * By SQLite's online backup: others go on writing meanwhile. The copy is checked whole before it gets its name.
 * @throws BlueGreenError `config-invalid` when there is such a file already; `state-corrupt`, `disk-full` and its relatives
 */
export async function backupState(stateFolder: string, file: string): Promise<Backup> {
  if (existsSync(file)) throw new BlueGreenError('config-invalid', `${file} exists already; name a new file`);
  const db = openDatabase(stateFolder);
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await db.$client.backup(beside);
    chmodSync(beside, 0o600);
    const { bytes, auditRows } = look(beside);
    renameSync(beside, file);
    syncFolder(dirname(file));
    return { file, bytes, auditRows };
  } catch (thrown) {
    throw storageFault(thrown, file) ?? thrown;
  } finally {
    db.$client.close();
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(`${beside}${part}`, { force: true });
  }
}

/** A copy in one file: a log beside it would be lost when it is moved. */
function look(path: string): { readonly bytes: number; readonly auditRows: number } {
  const copy = new Database(path);
  try {
    copy.pragma('journal_mode = DELETE');
    const damage = damageOf(copy);
    if (damage !== undefined) throw new BlueGreenError('state-corrupt', `the copy is damaged: ${damage}`);
    const bytes =
      Number(copy.pragma('page_count', { simple: true })) * Number(copy.pragma('page_size', { simple: true }));
    return { bytes, auditRows: Number(copy.prepare('SELECT count(*) FROM audit').pluck().get()) };
  } finally {
    copy.close();
  }
}
