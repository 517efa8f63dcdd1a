// Files that grow up to a bound, in a folder that has so many of them at most. What is lost with the machine's power is
// no loss: nothing decides by them.

import {
  appendFileSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { isMissing } from './files.ts';

export interface Bound {
  /** Put before the text where the file is new. */
  readonly head?: string;
  readonly bytes: number;
  readonly files: number;
}

/** @returns whether there was room for it */
export function appendBounded(folder: string, name: string, text: string, { bytes, files, head = '' }: Bound): boolean {
  const path = join(folder, name);
  const before = sizeOf(path);
  if (before === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeOldest(folder, files - 1);
  }
  if ((before ?? 0) + Buffer.byteLength(text) > bytes) return false;
  appendFileSync(path, before === undefined ? head + text : text, { mode: 0o600 });
  return true;
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

function removeOldest(folder: string, most: number): void {
  const present = readdirSync(folder).map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }));
  const tooMany = present.sort((one, other) => other.at - one.at).slice(most);
  for (const { name } of tooMany) rmSync(join(folder, name), { force: true });
}

export type BoundedText = { readonly found: string; readonly problem?: undefined } | { readonly problem: string };

/** Of a file that a person names: anything may be there. */
export function readBounded(path: string, bytes: number): BoundedText {
  let file: number | undefined;
  try {
    // A pipe without a writer would wait for one.
    if (!statSync(path).isFile()) return { problem: `${path} is no file` };
    file = openSync(path, 'r');
    if (fstatSync(file).size > bytes) return { problem: `${path} is larger than ${bytes} bytes` };
    return { found: readFileSync(file, 'utf8') };
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown fault';
    return { problem: `${path} cannot be read: ${isMissing(thrown) ? 'there is no such file' : code}` };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
