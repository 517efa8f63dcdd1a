// Where the rendered templates of a slot lie: a folder of its own for each start, known to nobody before it is whole, and gone
// when the slot is stopped, since it may hold secrets.

import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../../lib/files.ts';
import type { RenderedFile } from '../templates.ts';
import { type RecordPlace, recordFile } from './record.ts';

export function configFolderOf(where: RecordPlace, launch: string): string {
  return join(allOf(where), launch.slice(launch.lastIndexOf('.') + 1));
}

/** Only the user that the service runs as can read them. */
export function writeConfig(folder: string, files: readonly RenderedFile[]): void {
  if (files.length === 0) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    writeFileAtomic(join(folder, path), content, 0o600);
  }
}

/** Of every start in this slot. */
export function clearConfig(where: RecordPlace): void {
  rmSync(allOf(where), { recursive: true, force: true });
}

function allOf(where: RecordPlace): string {
  const file = recordFile(where);
  return join(dirname(file), `${basename(file, '.json')}.config`);
}
