// Generations of the routing on the disk: each is a folder that is written once, put in place by `publish`, and read back.

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Fence, Routing } from '../../domain/routing.ts';
import { messageOf } from '../../lib/errors.ts';
import { isMissing, syncFolder, withRoomFor } from '../../lib/files.ts';
import { makeFolder } from './places.ts';
import { type Audience, previewOf, sameFiles, seats, type Table, tablesOf, usersOf } from './routing-table.ts';

export interface RoutingOrder {
  readonly routing: Routing;
  readonly fence: Fence;
}

/** What is on the disk now. `edited`: a person has changed it. `sinceMs`: in force since then, by the disk's clock. */
export type Present =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | {
      readonly kind: 'routing';
      readonly routing: Routing;
      readonly target: string;
      readonly edited: boolean;
      readonly sinceMs: number;
    };

// nginx may run as another user: nothing in here is secret, everything can be read.
const fileMode = 0o644;
/** Requests may still read the generations that were in force a moment ago. */
const keepOld = 20;

const slot = z.enum(['blue', 'green']);
const routingFile = z.object({
  generation: z.int().nonnegative(),
  fence: z.int().nonnegative(),
  active: slot.optional(),
  canary: z.object({ slot, percent: z.int().min(0).max(100) }).optional(),
  preview: slot.optional(),
});

/** Writes the generation next to the one in force. @returns what `current` must link to */
export function writeGeneration(routingFolder: string, order: RoutingOrder): string {
  let target = '';
  withRoomFor(routingFolder, () => {
    target = writeOnce(routingFolder, order);
  });
  return target;
}

function writeOnce(routingFolder: string, { routing, fence }: RoutingOrder): string {
  const target = `generations/${routing.generation}.${fence}.${randomBytes(4).toString('hex')}`;
  const folder = join(routingFolder, target);
  try {
    makeFolder(folder);
    const tables = tablesOf(routing);
    for (const table of new Set(Object.values(tables))) makeTable(routingFolder, table);
    for (const audience of seats) symlinkSync(`../../tables/${tables[audience].name}`, join(folder, audience));
    writePublic(join(folder, 'routing.json'), `${JSON.stringify({ ...routing, fence })}\n`);
    syncFolder(folder);
  } catch (thrown) {
    rmSync(folder, { recursive: true, force: true });
    throw thrown;
  }
  return target;
}

export function readPresent(routingFolder: string): Present {
  try {
    return readTarget(routingFolder, readlinkSync(join(routingFolder, 'current')));
  } catch (thrown) {
    if (isMissing(thrown)) return { kind: 'none' };
    return { kind: 'unreadable', problem: `${routingFolder} cannot be read: ${messageOf(thrown)}` };
  }
}

/** As nginx serves it, or as a generation stores it. @throws for anything else than a routing */
export function parseRouting(text: string): RoutingOrder {
  const { fence, generation, active, canary, preview } = routingFile.parse(JSON.parse(text));
  return { fence, routing: { generation, active, canary, preview } };
}

/** Retains the last few, however old: ages would depend on a clock that may be set. Harmless when it fails. */
export function removeOldGenerations(routingFolder: string): void {
  const folder = join(routingFolder, 'generations');
  try {
    const current = readlinkSync(join(routingFolder, 'current'));
    const oldestFirst = readdirSync(folder)
      .filter((name) => current !== `generations/${name}`)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    for (const name of oldestFirst.slice(0, -keepOld)) rmSync(join(folder, name), { recursive: true, force: true });
  } catch {
    // The next change tries again.
  }
}

/** An existing table is repaired where a person has changed it. */
function makeTable(routingFolder: string, { name, files }: Table): void {
  const folder = join(routingFolder, 'tables', name);
  makeFolder(folder);
  const present = readdirSync(folder);
  if (sameFiles(present, files)) return;
  for (const file of present) if (!files.includes(file)) rmSync(join(folder, file), { recursive: true });
  for (const file of files) if (!present.includes(file)) writePublic(join(folder, file), '');
  syncFolder(folder);
}

/** Whatever the umask is. */
function writePublic(path: string, content: string): void {
  writeFileSync(path, content);
  chmodSync(path, fileMode);
}

function readTarget(routingFolder: string, target: string): Present {
  const generation = /^generations\/(\d{1,15})\.\d+\.[0-9a-f]+$/.exec(target)?.[1];
  if (generation === undefined)
    return { kind: 'unreadable', problem: `${routingFolder}/current links to ${target}, which the engine never made` };
  try {
    const folder = join(routingFolder, target);
    const sinceMs = lstatSync(join(routingFolder, 'current')).mtimeMs;
    const files = Object.fromEntries(seats.map((audience) => [audience, readdirSync(join(folder, audience))]));
    const written = writtenIn(join(folder, 'routing.json'));
    if (written !== undefined && isAsWritten(written, files as Record<Audience, string[]>))
      return { kind: 'routing', routing: written, target, edited: false, sinceMs };
    return readEdited({ generation: Number(generation), target, sinceMs, files: files as Record<Audience, string[]> });
  } catch (thrown) {
    return { kind: 'unreadable', problem: `${routingFolder}/${target} cannot be read: ${messageOf(thrown)}` };
  }
}

/** Undefined for a damaged one: nginx decides without it, so only the tables show what happens. */
function writtenIn(path: string): Routing | undefined {
  try {
    return parseRouting(readFileSync(path, 'utf8')).routing;
  } catch {
    return undefined;
  }
}

function isAsWritten(written: Routing, files: Readonly<Record<Audience, readonly string[]>>): boolean {
  const tables = tablesOf(written);
  return seats.every((audience) => sameFiles(tables[audience].files, files[audience]));
}

/** A person has changed the files: what counts is what they make nginx do. */
function readEdited(found: {
  readonly generation: number;
  readonly target: string;
  readonly sinceMs: number;
  readonly files: Readonly<Record<Audience, readonly string[]>>;
}): Present {
  const { generation, target, sinceMs, files } = found;
  const users = usersOf(files.users);
  if (users === undefined)
    return { kind: 'unreadable', problem: `${target}/users was changed and does not say a routing any more` };
  return {
    kind: 'routing',
    target,
    edited: true,
    sinceMs,
    routing: { generation, ...users, preview: previewOf(files.header) },
  };
}
