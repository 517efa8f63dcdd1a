// Where the rendered templates of a slot are: each start has its own folder. No process learns its path before it is
// complete. It is removed when the slot is stopped, since it may hold secrets.

import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { giveThroughHelper } from '../../lib/account-helper.ts';
import type { Account } from '../../lib/accounts.ts';
import { writeFileAtomic } from '../../lib/files.ts';
import type { RenderedFile } from '../templates.ts';
import { type RecordPlace, recordFile } from './record.ts';

export function configFolderOf(where: RecordPlace, launch: string): string {
  return join(allOf(where), launch.slice(launch.lastIndexOf('.') + 1));
}

interface Owner {
  /** Undefined: that of this process, or the helper's. */
  readonly account: Account | undefined;
  /** The name by which the helper knows the slot, where it gives the files. */
  readonly helped: string | undefined;
}

/** Only the user that the service runs as can read them. */
export async function writeConfig(
  where: RecordPlace,
  { folder, files }: { readonly folder: string; readonly files: readonly RenderedFile[] },
  { account, helped }: Owner,
): Promise<void> {
  if (files.length === 0) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    writeFileAtomic(join(folder, path), content, 0o600);
  }
  if (helped !== undefined) await giveAll(folder, (path) => giveThroughHelper(helped, path));
  else if (account !== undefined && account.uid !== process.getuid?.()) await giveAll(folder, givenByRoot(account));
  else return;
  for (let path = dirname(folder); ; path = dirname(path)) {
    // Passable, not listable: what is secret there are files of mode 0600.
    chmodSync(path, (statSync(path).mode & 0o7777) | 0o011);
    if (path === where.stateFolder || path === dirname(path)) return;
  }
}

/**
 * The account owns the files. The engine owns the folders, so that the account cannot put a link where this program
 * removes files later; the account reads the folders through its group.
 */
async function giveAll(folder: string, give: (path: string) => void | Promise<void>): Promise<void> {
  await give(folder);
  chmodSync(folder, 0o750);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? giveAll(path, give) : give(path));
  }
}

const givenByRoot =
  ({ uid, gid }: Account) =>
  (path: string): void =>
    chownSync(path, statSync(path).isDirectory() ? -1 : uid, gid);

/** Of every start in this slot. */
export function clearConfig(where: RecordPlace): void {
  rmSync(allOf(where), { recursive: true, force: true });
}

function allOf(where: RecordPlace): string {
  const file = recordFile(where);
  return join(dirname(file), `${basename(file, '.json')}.config`);
}
