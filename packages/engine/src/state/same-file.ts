// An open file lives on after its name was given to another one. A process that goes on writing into it is alone with what it
// writes, and must neither decide nor act on it.

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

/** Undefined while the path leads to the open file, or nobody can say where it leads. */
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
