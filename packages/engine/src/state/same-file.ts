// An open file continues to exist after its path was given to another file. No other process sees what this process
// then writes into it, so this process must neither decide nor act on it.

import { statSync } from 'node:fs';
import { BlueGreenError } from '../lib/errors.ts';

interface OpenFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

interface Opened {
  readonly $client: object;
}

const opened = new WeakMap<object, OpenFile>();

export function rememberFile({ $client }: Opened, path: string): void {
  const { dev, ino } = statSync(path);
  opened.set($client, { path, device: dev, inode: ino });
}

/** Undefined while the path leads to the open file, or when this cannot be checked. */
export function replacedFile({ $client }: Opened): BlueGreenError | undefined {
  const file = opened.get($client);
  if (file === undefined) return undefined;
  const what = whatBecame(file);
  if (what === undefined) return undefined;
  return new BlueGreenError('state-replaced', `${file.path} ${what} while this process had it open`);
}

function whatBecame({ path, device, inode }: OpenFile): string | undefined {
  try {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now === undefined) return 'was removed';
    return now.dev === device && now.ino === inode ? undefined : 'was replaced by another file';
  } catch {
    return undefined; // a folder that cannot be entered for a moment says nothing about the file
  }
}
