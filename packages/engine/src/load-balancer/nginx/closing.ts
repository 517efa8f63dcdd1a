// While a reload is being prepared, nginx closes each connection with its next answer. Users are looked up through a link
// named `open`, which leads to the folder that it is in; while it is renamed away, nginx looks closer and finds out why.

import { renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../../lib/files.ts';

const places = (routing: string) => ({
  open: join(routing, 'open'),
  shut: join(routing, 'shut'),
  /** Says since when: a link that is renamed keeps its time. */
  closing: join(routing, 'closing'),
});

export function beginClosing(routing: string): void {
  const { open, shut, closing } = places(routing);
  writeFileSync(closing, '');
  renameIfAny(open, shut);
}

/** A rename, so that a full disk cannot hinder it. */
export function endClosing(routing: string): void {
  const { open, shut, closing } = places(routing);
  if (!renameIfAny(shut, open)) linkIfMissing(open);
  rmSync(closing, { force: true });
}

/** Epoch ms by the disk; undefined while nothing is being closed. */
export function closingSince(routing: string): number | undefined {
  return statSync(places(routing).closing, { throwIfNoEntry: false })?.mtimeMs;
}

/** Without the link, users are served all the same, but each answer closes its connection. */
export function ensureOpen(routing: string): void {
  if (closingSince(routing) === undefined) linkIfMissing(places(routing).open);
}

function renameIfAny(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

function linkIfMissing(open: string): void {
  try {
    symlinkSync('.', open);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
  }
}
