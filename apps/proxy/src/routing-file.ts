// Routing and fence on disk: written beside, synced, renamed, so that a killed proxy comes back exactly as it was.

import { copyFileSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RoutingOrder } from '@bg/engine';
import { codeOf, messageOf } from './log.ts';
import { parseOrder } from './parse.ts';

export type Restored =
  | { readonly kind: 'restored'; readonly order: RoutingOrder }
  | { readonly kind: 'none' }
  /** The file is kept where it was, and a copy beside it for a person to look at. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export function restoreRouting(path: string): Restored {
  try {
    return { kind: 'restored', order: parseOrder(JSON.parse(readFileSync(path, 'utf8'))) };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return { kind: 'none' };
    return { kind: 'unreadable', problem: `routing file cannot be read (${messageOf(thrown)}); ${keepCopy(path)}` };
  }
}

/** Resolves when the order would survive a power cut. */
export async function persistRouting(path: string, order: RoutingOrder): Promise<void> {
  const beside = `${path}.tmp`;
  try {
    await writeSynced(beside, `${JSON.stringify(order)}\n`);
    await rename(beside, path);
  } catch (thrown) {
    // What failed first is what matters.
    await rm(beside, { force: true }).catch(() => {});
    throw thrown;
  }
  await syncFolder(dirname(path));
}

function keepCopy(path: string): string {
  const copy = `${path}.unreadable`;
  try {
    copyFileSync(path, copy);
    return `kept as ${copy}`;
  } catch (thrown) {
    return `no copy could be kept: ${messageOf(thrown)}`;
  }
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
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
