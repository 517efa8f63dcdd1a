// An open file lives on after its name was given to another one. Who goes on writing into it is alone with what it writes.

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

export function rememberFile(client: object, path: string): void {
  const { dev, ino } = statSync(path);
  opened.set(client, { path, device: dev, inode: ino });
}

export const fileOf = ({ $client }: Opened): string => opened.get($client)?.path ?? '';

/** @throws BlueGreenError `state-replaced` when the path does not lead to the open file any more */
export function requireSameFile({ $client }: Opened): void {
  const file = opened.get($client);
  if (file === undefined) return;
  const now = statSync(file.path, { throwIfNoEntry: false });
  if (now?.dev === file.device && now.ino === file.inode) return;
  const what = now === undefined ? 'was removed' : 'was replaced by another file';
  throw new BlueGreenError('state-replaced', `${file.path} ${what} while this process had it open`);
}
