// Removes images of releases that nothing keeps. What decides is asked once more right before each removal; Docker itself
// refuses to remove an image that a container was made of, and is never forced.

import type Docker from 'dockerode';
import { messageOf } from '../../lib/errors.ts';
import type { ImagePruning, ReleaseImage } from '../release-images.ts';
import { type DockerClient, refusalText, statusOf, unlessMissing } from './client.ts';
import { type FoundImage, findImage } from './images.ts';
import { forgetPulled, notePulled, type PulledImage, pulledImages } from './pulled-images.ts';
import type { Room } from './room.ts';

const listMs = 30_000;
const removeMs = 120_000;
const conflict = 409;

export async function pruneImages(room: Room, pruning: ImagePruning): Promise<readonly ReleaseImage[]> {
  const gone: ReleaseImage[] = [];
  for (const image of pulledImages(room, pruning)) {
    if (gone.length >= pruning.atMost || pruning.signal?.aborted) break;
    if (pruning.isKept(image)) continue;
    const { name, digest, version, host } = image;
    try {
      if (await removeOne(room, pruning, image)) gone.push({ name, digest, version, host });
    } catch (thrown) {
      room.log.warn({ host, image: image.reference, problem: messageOf(thrown) }, 'an image was not removed');
    }
  }
  return gone;
}

/** Whether this engine removed it, now or before it was killed. */
async function removeOne(room: Room, pruning: ImagePruning, image: PulledImage): Promise<boolean> {
  const client = room.clientOf(pruning, image.host);
  const { reference } = image;
  const found = await findImage(client, reference);
  if (found) {
    const why = await reasonToStay(client, found, reference);
    if (why !== undefined) {
      room.log.debug({ host: image.host, image: reference, why }, 'an image stays');
      return false;
    }
    // Something may have begun to need it while Docker was asked.
    if (pruning.isKept(image)) return false;
    notePulled(room, pruning, { ...image, removing: true });
    if (!(await remove(room, client, reference))) return false;
  }
  // The row first: after a kill in between it is written again, and what is not written has not happened.
  const isOurs = found !== undefined || image.removing;
  const { name, digest, version, host } = image;
  if (isOurs) pruning.removed({ name, digest, version, host });
  forgetPulled(room, pruning, image);
  return isOurs;
}

async function reasonToStay(client: DockerClient, found: FoundImage, reference: string): Promise<string | undefined> {
  const names = [...(found.RepoTags ?? []), ...(found.RepoDigests ?? [])].filter(
    (each) => each !== reference && !each.startsWith('<none>'),
  );
  if (names.length > 0) return `it is ${names.slice(0, 3).join(', ')} too`;
  const users = await containersOf(client, found, reference);
  return users.length > 0 ? `a container was made of it: ${users.slice(0, 3).join(', ')}` : undefined;
}

/** In every state, those of others too. */
async function containersOf(client: DockerClient, found: FoundImage, reference: string): Promise<readonly string[]> {
  const all = await client.ask(
    (docker, abortSignal) => docker.listContainers({ all: true, abortSignal } as Docker.ContainerListOptions),
    listMs,
  );
  return all
    .filter(({ ImageID, Image }) => ImageID === found.Id || Image === reference)
    .map(({ Names, Id }) => Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12));
}

/** False where Docker refuses: a container, or an image that was built from it, has come meanwhile. */
async function remove(room: Room, client: DockerClient, reference: string): Promise<boolean> {
  try {
    await unlessMissing(
      client.ask((docker, abortSignal) => docker.getImage(reference).remove({ abortSignal } as object), removeMs),
    );
  } catch (thrown) {
    if (statusOf(thrown) !== conflict) throw thrown;
    room.log.debug({ host: client.host.name, image: reference, why: refusalText(thrown) }, 'an image stays');
    return false;
  }
  return (await findImage(client, reference)) === undefined;
}
