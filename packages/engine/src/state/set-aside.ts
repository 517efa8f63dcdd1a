// A state file that cannot be read is kept beside for whoever can mend it, and only on a person's word.

import { existsSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { BlueGreenError, hasCode } from '../lib/errors.ts';
import { syncFolder } from '../lib/files.ts';
import { processesWith } from '../lib/open-files.ts';
import { openDatabase } from './database.ts';

/**
 * Opens the state to see whether it can be read. One that cannot is renamed to `state.sqlite.corrupt-<time>`, whose path
 * is returned; undefined for a sound or a missing one, which is left as it is.
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
  const beside = `${file}.corrupt-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  for (const part of ['-wal', '-shm', ''])
    if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${beside}${part}`);
  syncFolder(stateFolder);
  return beside;
}
