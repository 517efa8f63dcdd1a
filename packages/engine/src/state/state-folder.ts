// The state folder holds the preview token, what people decided, and sockets that change routing. Nobody but the account of
// this process may put anything there, and nobody else may read it.

import { chmodSync, lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { BlueGreenError } from '../lib/errors.ts';

const database = ['state.sqlite', 'state.sqlite-wal', 'state.sqlite-shm'];
const othersMayWrite = 0o022;
const othersMayRead = 0o044;

/** @returns warnings. @throws BlueGreenError `state-unsafe` when another account could have written what lies there. */
export function guardStateFolder(folder: string): readonly string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return [];
  const me = process.getuid?.() ?? found.uid;
  const owner = `the state folder ${folder} belongs to user ${found.uid}`;
  if (found.uid !== me && me !== 0)
    throw unsafe(`${owner}, and this process runs as user ${me}: run it as user ${found.uid}, or name another folder`);
  if ((found.mode & othersMayWrite) !== 0)
    throw unsafe(
      `other accounts may write to the state folder ${folder} (mode ${modeOf(found)}): look through what lies there, then run chmod 700 ${folder}`,
    );
  for (const name of database) makePrivate(join(folder, name));
  return [
    ...(found.uid === me
      ? []
      : [`${owner}, and this process runs as root: files that it creates there are not user ${found.uid}'s to write`]),
    ...((found.mode & othersMayRead) === 0
      ? []
      : [`other accounts may list the state folder ${folder} (mode ${modeOf(found)}); run chmod 700 ${folder}`]),
  ];
}

/** A link would make this process write to a file that another account chose. */
function makePrivate(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isFile())
    throw unsafe(`${file} is ${found.isSymbolicLink() ? 'a link' : 'no plain file'}: put the file itself there`);
  if ((found.mode & 0o077) === 0) return;
  const me = process.getuid?.();
  if (me === found.uid || me === 0) chmodSync(file, 0o600);
}

const modeOf = ({ mode }: Stats): string => `0${(mode & 0o7777).toString(8)}`;

const unsafe = (sentence: string): BlueGreenError => new BlueGreenError('state-unsafe', sentence);
