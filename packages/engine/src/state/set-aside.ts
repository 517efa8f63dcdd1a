// Moves a damaged state file next to the new one, so that a person can repair it. Only at the request of a person.

import { existsSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BlueGreenError, hasCode } from '../lib/errors.ts';
import { syncFolder } from '../lib/files.ts';
import { processesWith } from '../lib/open-files.ts';
import { openDatabase } from './database.ts';

/**
 * Opens the state to see whether it can be read. One that is proved damaged is renamed to `state.sqlite.corrupt-<time>`,
 * once the new file is on the disk; that path is returned. Undefined for a sound or a missing one, which is left as it is.
 * @throws BlueGreenError `state-newer`; `lease-held` while another process has the file open
 */
export function setAsideCorruptState(stateFolder: string, now: number): string | undefined {
  try {
    openDatabase(stateFolder).$client.close();
    return undefined;
  } catch (thrown) {
    if (!hasCode(thrown, 'state-corrupt')) throw thrown;
  }
  const file = join(realpathSync(stateFolder), 'state.sqlite');
  const [pid] = processesWith(file);
  if (pid !== undefined)
    throw new BlueGreenError('lease-held', `process ${pid} has ${file} open; stop it first, users are served on`);
  const fresh = makeFresh(dirname(file));
  const beside = `${file}.corrupt-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  for (const part of ['-wal', '-shm', ''])
    if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${beside}${part}`);
  renameSync(join(fresh, 'state.sqlite'), file);
  rmSync(fresh, { recursive: true });
  syncFolder(stateFolder);
  return beside;
}

/** Whole and on the disk before the old one is moved: a disk without room for it leaves everything as it is. */
function makeFresh(stateFolder: string): string {
  const folder = mkdtempSync(join(stateFolder, 'new-state-'));
  try {
    const db = openDatabase(folder);
    db.$client.pragma('wal_checkpoint(TRUNCATE)');
    db.$client.close();
    return folder;
  } catch (thrown) {
    rmSync(folder, { recursive: true, force: true });
    throw thrown;
  }
}
