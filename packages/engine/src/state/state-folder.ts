// The state folder holds the preview token, what people decided, and sockets that change routing. Only the account of this
// process may put anything there, and no other account may read it.

import { chmodSync, lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { groupOf } from '../lib/accounts.ts';
import { BlueGreenError } from '../lib/errors.ts';

const database = ['state.sqlite', 'state.sqlite-wal', 'state.sqlite-shm'];

/** @returns warnings. @throws BlueGreenError `state-unsafe` when another account could have written what is there. */
export function guardStateFolder(folder: string): readonly string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return [];
  const me = process.getuid?.() ?? found.uid;
  // Root can change what it owns anyway: root owns a volume that a container platform gives to a separate group.
  if (found.uid !== me && me !== 0 && found.uid !== 0)
    throw unsafe(
      `the state folder ${folder} belongs to user ${found.uid}, and this process runs as user ${me}: run it as user ${found.uid}, or name another folder`,
    );
  const warnings = [warnOfOwner(folder, found, me), refuseWriters(folder, found, me), warnOfReaders(folder, found, me)];
  for (const name of database) makePrivate(join(folder, name));
  return warnings.flatMap((warning) => warning ?? []);
}

function warnOfOwner(folder: string, { uid }: Stats, me: number): string | undefined {
  if (uid === me || me !== 0) return undefined;
  return `the state folder ${folder} belongs to user ${uid}, and this process runs as root: user ${uid} cannot write to the files that it creates there`;
}

/** A group that holds no other account is the owner's own (umask 002), and gives nothing away. */
function refuseWriters(folder: string, found: Stats, me: number): string | undefined {
  const mend = `look through what is there, then run chmod 700 ${folder}`;
  if ((found.mode & 0o002) !== 0)
    throw unsafe(`every account may write to the state folder ${folder} (mode ${modeOf(found)}): ${mend}`);
  if ((found.mode & 0o020) === 0) return undefined;
  const { name, others } = othersInGroup(found, me);
  if (others.length > 0)
    throw unsafe(
      `the group ${name} (${shorten(others)}) may write to the state folder ${folder} (mode ${modeOf(found)}): ${mend}`,
    );
  return name === undefined
    ? `the group ${found.gid} may write to the state folder ${folder}, and this machine's own files do not say who is in it; unless only this account is in it, run chmod 700 ${folder}`
    : undefined;
}

function warnOfReaders(folder: string, found: Stats, me: number): string | undefined {
  const groupReads = (found.mode & 0o040) !== 0 && othersInGroup(found, me).others.length > 0;
  if ((found.mode & 0o004) === 0 && !groupReads) return undefined;
  return `other accounts may list the state folder ${folder} (mode ${modeOf(found)}); run chmod 700 ${folder}`;
}

function othersInGroup(
  { gid, uid: owner }: Stats,
  me: number,
): { name: string | undefined; others: readonly string[] } {
  const { name, accounts } = groupOf(gid);
  const others = accounts.filter(({ uid }) => uid !== owner && uid !== me && uid !== 0).map((account) => account.name);
  return { name: name ?? (others.length > 0 ? `${gid}` : undefined), others };
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

const shorten = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

const unsafe = (sentence: string): BlueGreenError => new BlueGreenError('state-unsafe', sentence);
