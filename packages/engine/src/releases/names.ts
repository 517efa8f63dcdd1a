// The names in an archive, before anything is written under them. Pure.

import { posix } from 'node:path';
import { refused, shownName } from './refused.ts';

const maxPathBytes = 1024;
const maxNameBytes = 255;
const maxDepth = 64;

/** The path below the folder of the release, `''` for that folder itself. @throws BlueGreenError `artifact-refused` */
export function pathOf(name: string): string {
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u.test(name))
    throw refused(`the name ${shownName(name)} holds control characters`);
  if (name.includes('\ufffd')) throw refused(`the name ${shownName(name)} is not UTF-8`);
  if (name.startsWith('/')) throw refused(`${shownName(name)} is an absolute path`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(`${shownName(name)} leads out of the folder of the release`);
  if (parts.length > maxDepth) throw refused(`${shownName(name)} is deeper than ${maxDepth} folders`);
  if (parts.some((part) => Buffer.byteLength(part) > maxNameBytes))
    throw refused(`${shownName(name)} holds a name of more than ${maxNameBytes} bytes`);
  const path = parts.join('/');
  if (Buffer.byteLength(path) > maxPathBytes)
    throw refused(`${shownName(name)} is a path of more than ${maxPathBytes} bytes`);
  return path;
}

/** What must differ between two names: some file systems do not distinguish case and Unicode forms. */
export const folded = (path: string): string => path.normalize('NFC').toLowerCase();

/** Every folder that contains a path, the outermost first. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Checks only the text; where links lead through links is checked when all are there. */
export function checkLinkTarget(path: string, target: string): void {
  const what = `the link ${shownName(path)}`;
  if (target === '' || /\p{Cc}/u.test(target)) throw refused(`${what} leads to a name that holds control characters`);
  if (target.startsWith('/'))
    throw refused(`${what} leads to the absolute path ${shownName(target)}${cureOfLink(path)}`);
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  if (end === '..' || end.startsWith('../'))
    throw refused(`${what} leads out of the folder of the release, to ${shownName(target)}${cureOfLink(path)}`);
}

/** `pnpm deploy` leaves links into the workspace that it deployed from. */
export function cureOfLink(path: string): string {
  return /(^|\/)node_modules\//.test(path)
    ? `; leave it out (tar --exclude=${shownName(path)}), or install with node-linker=hoisted, as for a tree of pnpm`
    : '';
}
