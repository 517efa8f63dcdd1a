// A complete copy of the state in one file. A copy of state.sqlite only lacks the latest commits, which are in its log.

import { closeSync, existsSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { syncFolder } from '../lib/files.ts';
import { storageFault } from '../lib/storage-fault.ts';
import { verifyAudit } from './audit-verification.ts';
import { type Db, openDatabase } from './database.ts';
import { drizzle } from './drizzle.ts';
import * as schema from './schema.ts';

export interface Backup {
  readonly file: string;
  readonly bytes: number;
  readonly auditRows: number;
  /** Hash of the last row of the audit log; undefined while it is empty. */
  readonly auditHead: string | undefined;
}

/**
 * By SQLite's online backup, of one moment: others go on writing meanwhile. The copy is checked whole, audit chain included,
 * before it gets its name.
 * @throws BlueGreenError `backup-refused` when there is such a file already, or no folder for it; `state-corrupt` when the copy
 * is damaged; `disk-full` and its relatives
 */
export async function backupState(stateFolder: string, path: string): Promise<Backup> {
  const file = resolve(path);
  refusePlace(stateFolder, file);
  const beside = `${file}.${process.pid}.tmp`;
  try {
    // Made by us, so that it is private from its first byte on.
    closeSync(openSync(beside, 'wx', 0o600));
    await copyTo(stateFolder, beside);
    const looked = lookInto(beside);
    // Unlike a rename, a link replaces nothing that came meanwhile.
    linkSync(beside, file);
    syncFolder(dirname(file));
    return { file, ...looked };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(file);
    throw storageFault(thrown, file) ?? thrown;
  } finally {
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(`${beside}${part}`, { force: true });
  }
}

const alreadyThere = (file: string): BlueGreenError =>
  new BlueGreenError('backup-refused', `${file} exists already: a backup replaces nothing, name a new file`);

function refusePlace(stateFolder: string, file: string): void {
  if (existsSync(file)) throw alreadyThere(file);
  if (!existsSync(dirname(file)))
    throw new BlueGreenError('backup-refused', `${file} cannot be written: there is no folder ${dirname(file)}`);
  // Opening a state that is not there would make an empty one, and a copy of nothing is no backup.
  if (!existsSync(resolve(stateFolder, 'state.sqlite')))
    throw new BlueGreenError('backup-refused', `there is no state in ${stateFolder} yet: nothing was copied`);
}

async function copyTo(stateFolder: string, beside: string): Promise<void> {
  const { $client: client } = openDatabase(stateFolder);
  try {
    // One moment of the state: without it, each write of another process would begin the copy again.
    client.exec('BEGIN');
    client.prepare('SELECT count(*) FROM sqlite_master').get();
    await client.backup(beside);
    client.exec('COMMIT');
  } finally {
    client.close();
  }
}

/** In one file: a log next to it would be lost when the copy is moved. */
function lookInto(path: string): Omit<Backup, 'file'> {
  const client = new Database(path);
  try {
    client.pragma('journal_mode = DELETE');
    const check = client.pragma('integrity_check(1)', { simple: true });
    if (check !== 'ok') throw damagedCopy(String(check));
    const verified = verifyAudit(drizzle(client, { schema }) as Db);
    if (!verified.intact) throw damagedCopy(`its audit log is broken at row ${verified.seq}: ${verified.problem}`);
    const pages = Number(client.pragma('page_count', { simple: true }));
    const bytes = pages * Number(client.pragma('page_size', { simple: true }));
    return { bytes, auditRows: verified.rows, auditHead: verified.head };
  } catch (thrown) {
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(String((thrown as { code?: unknown }).code)))
      throw damagedCopy(messageOf(thrown));
    throw thrown;
  } finally {
    client.close();
  }
}

const damagedCopy = (problem: string): BlueGreenError =>
  new BlueGreenError('state-corrupt', `the copy was removed, since the state is damaged: ${problem}`);
