// Gives an image that lies in the folder of its release to a Docker host, in the form that every Docker takes.

import { join } from 'node:path';
import type Docker from 'dockerode';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Image } from '../../lib/image-file.ts';
import { type DockerClient, isDiskFull, refusalText, statusOf } from './client.ts';

export interface ImageArchive extends NonNullable<Image['archive']> {
  /** Of the release. */
  readonly folder: string;
}

interface LoadEvent {
  readonly error?: string;
}

/** @throws BlueGreenError `artifact-refused`, `resources-short`, `environment-unreachable` */
export async function loadImage(client: DockerClient, archive: ImageArchive, limitMs: number): Promise<void> {
  const { packTar } = await import('modern-tar/fs');
  const [config, layers] = ['config.json', archive.layers.map((_, at) => `${at}/layer.tar`)];
  const manifest = JSON.stringify([{ Config: config, RepoTags: null, Layers: layers }]);
  const file = (source: string, target: string) =>
    ({ type: 'file', source: join(archive.folder, source), target }) as const;
  const packed = packTar(
    [
      { type: 'content', content: manifest, target: 'manifest.json' },
      file(archive.config, config),
      ...archive.layers.map((layer, at) => file(layer, layers[at] ?? '')),
    ],
    { dereference: true, baseDir: archive.folder },
  );
  try {
    await client.ask(async (docker, abortSignal) => {
      const stream = await docker.loadImage(packed, { quiet: true, abortSignal } as object);
      const said = await refusedIn(docker, stream);
      if (said !== undefined) throw loadError(client, archive, new Error(said));
    }, limitMs);
  } catch (thrown) {
    throw statusOf(thrown) === undefined ? thrown : loadError(client, archive, thrown);
  } finally {
    packed.destroy();
  }
}

function loadError({ host }: DockerClient, { folder }: ImageArchive, thrown: unknown): BlueGreenError {
  const said = refusalText(thrown);
  const isFull = isDiskFull(said);
  return new BlueGreenError(
    isFull ? 'resources-short' : 'artifact-refused',
    `${host.name} does not take the image in ${folder}: ${isFull ? 'the disk of the Docker host is full' : said}`,
    {},
    thrown,
  );
}

/** What Docker reports after it has answered 200. */
function refusedIn(docker: Docker, stream: NodeJS.ReadableStream): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error, events: readonly LoadEvent[] | null) => {
      // A connection that is cut is not the fault of the image.
      if (error && 'code' in error) reject(error);
      else resolve(error?.message ?? events?.find((event) => event.error !== undefined)?.error);
    });
  });
}
