// Can the command be executed in its container at all? Asked of the container before it is started and before the old one
// is stopped, so that a typing error does not cost a slot.

import { posix } from 'node:path';
import { z } from 'zod';
import { BlueGreenError } from '../../lib/errors.ts';
import { type DockerClient, unlessMissing } from './client.ts';

export interface Program {
  /** Undefined: Docker finds what the image names. */
  readonly name: string | undefined;
  readonly folder: string;
  readonly path: string;
}

const mostLinks = 10;
const executable = 0o111;
/** Go's bits of a file that is not a plain one: folder, link, device and the like. */
const special = 0x8f28_0000;
const isLink = 0x0800_0000;

/** @throws BlueGreenError `exec-not-found` */
export async function requireProgram(client: DockerClient, container: string, program: Program): Promise<void> {
  const { name, folder, path } = program;
  if (name === undefined) return;
  const places = name.includes('/')
    ? [posix.resolve(folder, name)]
    : path
        .split(':')
        .filter(posix.isAbsolute)
        .map((each) => posix.join(each, name));
  for (const place of places) if (await isExecutable(client, container, place)) return;
  const where = name.includes('/') ? `in ${folder}` : `in PATH (${path})`;
  throw new BlueGreenError(
    'exec-not-found',
    `the command's program "${name}" was not found ${where}, or may not be executed`,
  );
}

const shape = z.object({ mode: z.number(), linkTarget: z.string() });

async function isExecutable(client: DockerClient, container: string, place: string): Promise<boolean> {
  for (let path = place, links = 0; links < mostLinks; links += 1) {
    const found = await statOf(client, container, path);
    if (!found) return false;
    if ((found.mode & isLink) === 0) return (found.mode & special) === 0 && (found.mode & executable) !== 0;
    path = posix.resolve(posix.dirname(path), found.linkTarget);
  }
  return false;
}

/** What Docker answers in a header when it is asked for the file without its content. */
async function statOf(client: DockerClient, container: string, path: string) {
  const answer = await unlessMissing(
    client.ask((docker, abortSignal) =>
      docker.getContainer(container).infoArchive({ path, abortSignal } as { readonly path: string }),
    ),
  );
  const { headers } = (answer ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
  const encoded = headers?.['x-docker-container-path-stat'];
  if (encoded === undefined) return undefined;
  return shape.parse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
}
