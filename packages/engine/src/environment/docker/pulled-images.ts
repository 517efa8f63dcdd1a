// Which images this engine has brought to a host: one small file each, written before the pull. An image that was on the
// host before has none, so that it is never removed.

import { createHash } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SlotKey } from '../../domain/target.ts';
import { messageOf } from '../../lib/errors.ts';
import { isMissing, readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import type { Room } from './room.ts';

const shape = z.object({
  name: z.string(),
  digest: z.string(),
  /** What Docker finds it by. */
  reference: z.string(),
  version: z.string(),
  /** The name of its Docker host. */
  host: z.string(),
  /** Epoch milliseconds. */
  pulledAt: z.number(),
  /** Written ahead of a removal: when the image is gone, it was this engine that removed it. */
  removing: z.boolean(),
});

export type PulledImage = Readonly<z.infer<typeof shape>>;
type Place = Pick<SlotKey, 'service' | 'target'>;

export function notePulled(room: Room, place: Place, image: PulledImage): void {
  writeFileAtomic(fileOf(room, place, image), `${JSON.stringify(image)}\n`);
}

export function forgetPulled(room: Room, place: Place, image: Pick<PulledImage, 'host' | 'name' | 'digest'>): void {
  rmSync(fileOf(room, place, image), { force: true });
}

/** Oldest first. A file that cannot be parsed is renamed to `.corrupt`; its image stays. */
export function pulledImages(room: Room, place: Place): readonly PulledImage[] {
  const folder = folderOf(room, place);
  return filesIn(folder)
    .flatMap((file) => read(room, join(folder, file)) ?? [])
    .toSorted((one, other) => one.pulledAt - other.pulledAt);
}

const folderOf = ({ stateFolder }: Room, { service, target }: Place): string =>
  join(stateFolder, 'images', service, target);

function fileOf(
  room: Room,
  place: Place,
  { host, name, digest }: Pick<PulledImage, 'host' | 'name' | 'digest'>,
): string {
  const id = createHash('sha256').update([host, name, digest].join('\0')).digest('hex').slice(0, 32);
  return join(folderOf(room, place), `${id}.json`);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

function read(room: Room, file: string): PulledImage | undefined {
  const text = readFileIfAny(file);
  if (text === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(text));
  } catch (thrown) {
    room.log.error({ file, problem: messageOf(thrown) }, 'the note of an image cannot be understood; it was renamed');
    renameSync(file, `${file}.corrupt`);
    return undefined;
  }
}
