// While a reload is being prepared, nginx closes each connection with its next answer. nginx looks users up through a
// link named `open`, which leads to the folder that it is in; while the link has another name, nginx checks why.

import { existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { isMissing, readFileIfAny } from '../../lib/files.ts';
import { momentNow, msSince } from '../../lib/moment.ts';

const places = (routing: string) => ({
  open: join(routing, 'open'),
  shut: join(routing, 'shut'),
  /** Says since when: a link that is renamed keeps its time. */
  closing: join(routing, 'closing'),
});

export function beginClosing(routing: string, clock: Clock): void {
  const { open, shut, closing } = places(routing);
  // On a full disk it stays empty, which does no harm.
  try {
    writeFileSync(closing, JSON.stringify(momentNow(clock)));
  } catch (thrown) {
    if (!existsSync(closing)) throw thrown;
  }
  renameIfAny(open, shut);
}

/** A rename, so that a full disk cannot hinder it. */
export function endClosing(routing: string): void {
  const { open, shut, closing } = places(routing);
  if (!renameIfAny(shut, open)) linkIfMissing(open);
  rmSync(closing, { force: true });
}

/**
 * Undefined while nothing is being closed. Without an end where the reload was begun before the machine's last start, by an
 * older version, or on a full disk.
 */
export function closingForMs(routing: string, clock: Clock): number | undefined {
  const text = readFileIfAny(places(routing).closing);
  return text === undefined ? undefined : (msSince(momentIn(text), clock) ?? Number.POSITIVE_INFINITY);
}

function momentIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without the link, users are served all the same, but each answer closes its connection. */
export function ensureOpen(routing: string): void {
  const { open, closing } = places(routing);
  if (!existsSync(closing)) linkIfMissing(open);
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
