// Routing and fence on disk: written to a spare file, synced, renamed, so that a killed proxy restarts as it was.

import { copyFileSync, readFileSync } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RoutingOrder } from '@bg/engine';
import { codeOf, messageOf } from './log.ts';
import { parseOrder } from './parse.ts';

export type Restored =
  | { readonly kind: 'restored'; readonly order: RoutingOrder }
  | { readonly kind: 'none' }
  /** The file stays where it was, and a copy next to it is for a person to examine. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export function restoreRouting(path: string): Restored {
  try {
    return { kind: 'restored', order: parseOrder(JSON.parse(readFileSync(path, 'utf8'))) };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return { kind: 'none' };
    return { kind: 'unreadable', problem: `routing file cannot be read (${messageOf(thrown)}); ${keepCopy(path)}` };
  }
}

/**
 * Resolves when the order would survive a power cut. The file before becomes the one that the next order is written into: a
 * change needs no block of the disk, so that users are moved on a full one, too.
 */
export async function persistRouting(path: string, order: RoutingOrder): Promise<void> {
  const spare = `${path}.tmp`;
  const before = `${path}.before`;
  const content = `${JSON.stringify(order)}\n`;
  await removeIfSame(spare, path);
  await writeSynced(spare, content);
  await rm(before, { force: true });
  await link(path, before).catch(unlessMissing);
  await rename(spare, path);
  await rename(before, spare).catch(unlessMissing);
  await syncFolder(dirname(path));
}

/** After a power cut, the spare may be another name of the file in force, which is never written into. */
async function removeIfSame(spare: string, path: string): Promise<void> {
  const [one, other] = await Promise.all([inodeOf(spare), inodeOf(path)]);
  if (one !== undefined && one === other) await rm(spare);
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(unlessMissing))?.ino;
}

function unlessMissing(thrown: unknown): undefined {
  if (codeOf(thrown) !== 'ENOENT') throw thrown;
  return undefined;
}

function keepCopy(path: string): string {
  const copy = `${path}.unreadable`;
  try {
    copyFileSync(path, copy);
    return `kept as ${copy}`;
  } catch (thrown) {
    return `no copy could be made: ${messageOf(thrown)}`;
  }
}

/** Overwrites the file in place where it exists. */
async function writeSynced(path: string, content: string): Promise<void> {
  const file = (await open(path, 'r+').catch(unlessMissing)) ?? (await open(path, 'w', 0o600));
  try {
    const { bytesWritten } = await file.write(content, 0);
    if (bytesWritten < Buffer.byteLength(content)) throw new Error(`ENOSPC: only a part of ${path} was written`);
    await file.truncate(bytesWritten);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
