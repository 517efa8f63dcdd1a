// A release that is an archive of an image: an OCI layout, or what `docker save` writes. Everything that it names is compared
// with its digest before it counts, so that no Docker host is given what is not whole.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import type { Image } from '../lib/image-file.ts';
import { withoutMark } from '../lib/text-file.ts';
import { refused, shownName } from './refused.ts';

export interface ImageFolder {
  /** Holds nothing but regular files and links that stay in it. */
  readonly folder: string;
  /** As Docker names it: of several images in an archive the one for it is taken. */
  readonly architecture: string;
  readonly signal: AbortSignal;
}

/** Undefined: it is no archive of an image. @throws BlueGreenError `artifact-refused` */
export async function readImageArchive(from: ImageFolder): Promise<Image | undefined> {
  if (await isThere(from, 'oci-layout')) return fromLayout(from);
  if (!(await isThere(from, 'manifest.json'))) return undefined;
  const saved = savedShape.safeParse(jsonOf(await textOf(from, 'manifest.json')));
  return saved.success ? fromSaved(from, saved.data) : undefined;
}

const hex = /^[0-9a-f]{64}$/;
const digestShape = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: digestShape,
  size: z.int().nonnegative(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
type Descriptor = z.infer<typeof descriptor>;

const mostLayers = 500;
const indexShape = z.object({ manifests: z.array(descriptor).min(1).max(1000) });
const manifestShape = z.object({ config: descriptor, layers: z.array(descriptor).min(1).max(mostLayers) });
const configShape = z.object({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(digestShape).max(mostLayers) }),
});
const savedShape = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()).min(1) }),
);

async function fromLayout(from: ImageFolder): Promise<Image> {
  const chosen = await chooseIn(from, await textOf(from, 'index.json'), 'index.json');
  const manifest = parsed(manifestShape, await blobOf(from, chosen), chosen.digest, 'a manifest');
  const config = parsed(configShape, await blobOf(from, manifest.config), manifest.config.digest, 'the image');
  requireArchitecture(from, config);
  requireLayers(manifest.layers.length, config);
  for (const layer of manifest.layers) await requireBlob(from, layer);
  const layers = manifest.layers.map(blobPath);
  const name = chosen.annotations?.['io.containerd.image.name'] ?? '';
  return {
    name: plainName(name),
    digest: manifest.config.digest,
    archive: { config: blobPath(manifest.config), layers },
  };
}

/** Of an index the image for this architecture, or the only one; an index may name another index. */
async function chooseIn(from: ImageFolder, text: string, where: string, depth = 0): Promise<Descriptor> {
  const { manifests } = parsed(indexShape, text, where, 'an index of images');
  const images = manifests.filter(({ platform }) => platform === undefined || platform.os !== 'unknown');
  const fitting = images.filter(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === from.architecture,
  );
  const [found, ...others] = fitting.length > 0 ? fitting : images;
  if (!found || others.length > 0) {
    const names = images.map(({ platform }) => (platform ? `${platform.os}/${platform.architecture}` : 'one without'));
    throw refused(`it holds ${images.length} images (${names.join(', ')}), and not one for linux/${from.architecture}`);
  }
  if (!/index|manifest\.list/.test(found.mediaType ?? '')) return found;
  if (depth > 2) throw refused(`${where} names an index in an index`);
  const inner = await chooseIn(from, await blobOf(from, found), found.digest, depth + 1);
  return { ...inner, annotations: { ...found.annotations, ...inner.annotations } };
}

async function fromSaved(from: ImageFolder, saved: z.infer<typeof savedShape>): Promise<Image> {
  const [image, ...others] = saved;
  if (!image || others.length > 0)
    throw refused(`it holds ${saved.length} images; save the one that is the release (docker save NAME)`);
  const bytes = await textOf(from, image.Config);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const named =
    image.Config.replace(/\.json$/, '')
      .split('/')
      .at(-1) ?? '';
  if (hex.test(named) && named !== digest) throw refused(`${shownName(image.Config)} has the sha256 ${digest}`);
  const config = parsed(configShape, bytes, image.Config, 'the image');
  requireArchitecture(from, config);
  requireLayers(image.Layers.length, config);
  for (const [at, layer] of image.Layers.entries()) {
    const found = await contentDigest(from, layer);
    const expected = config.rootfs.diff_ids[at];
    if (found !== expected)
      throw refused(`its layer ${shownName(layer)} has the content ${found}, and not ${expected}`);
  }
  const archive = { config: image.Config, layers: image.Layers };
  return { name: plainName(image.RepoTags?.[0] ?? ''), digest: `sha256:${digest}`, archive };
}

function requireArchitecture({ architecture }: ImageFolder, { os, architecture: its }: z.infer<typeof configShape>) {
  if (os === 'linux' && its === architecture) return;
  throw refused(`it is built for ${os}/${its}, and this machine is linux/${architecture}: build it for this platform`);
}

function requireLayers(found: number, { rootfs }: z.infer<typeof configShape>): void {
  if (found !== rootfs.diff_ids.length)
    throw refused(`it holds ${found} layers, and its configuration names ${rootfs.diff_ids.length}`);
}

/** Without tag or digest; for people alone. */
const plainName = (reference: string): string =>
  /^[a-z0-9][^@\s]{0,300}?(?=(:[^/]*)?(@|$))/.exec(reference)?.[0] ?? 'image';

const blobPath = ({ digest }: Descriptor): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

async function blobOf(from: ImageFolder, blob: Descriptor): Promise<string> {
  await requireBlob(from, blob);
  return textOf(from, blobPath(blob));
}

async function requireBlob(from: ImageFolder, blob: Descriptor): Promise<void> {
  const path = blobPath(blob);
  const { size } = await stat(await placeOf(from, path));
  if (size !== blob.size) throw refused(`${path} has ${size} bytes, and not ${blob.size}`);
  const found = await hashOf(from, createReadStream(await placeOf(from, path), { signal: from.signal }));
  if (found !== blob.digest) throw refused(`${path} has the content ${found}`);
}

/** Of a layer as it is unpacked. */
async function contentDigest(from: ImageFolder, path: string): Promise<string> {
  const place = await placeOf(from, path);
  const read = createReadStream(place, { signal: from.signal });
  if (!(await isZipped(place))) return hashOf(from, read);
  return hashOf(from, read.pipe(createGunzip()));
}

async function hashOf({ signal }: ImageFolder, content: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of content) hash.update(chunk as Buffer);
  } catch (thrown) {
    signal.throwIfAborted();
    throw refused('a layer of it cannot be unpacked', thrown);
  }
  return `sha256:${hash.digest('hex')}`;
}

async function isZipped(place: string): Promise<boolean> {
  await using file = await open(place, 'r');
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.toString('hex') === '1f8b';
}

const isThere = (from: ImageFolder, path: string): Promise<boolean> =>
  placeOf(from, path).then(
    () => true,
    () => false,
  );

/** A file in the folder: what names another place is refused. */
async function placeOf({ folder }: ImageFolder, path: string): Promise<string> {
  const root = await realpath(folder);
  const place = await realpath(join(root, path)).catch(() => undefined);
  if (place?.startsWith(`${root}${sep}`) && (await stat(place)).isFile()) return place;
  throw refused(`${shownName(path)}, which it names, is not in it`);
}

const maxTextBytes = 4 * 1024 ** 2;

async function textOf(from: ImageFolder, path: string): Promise<string> {
  const place = await placeOf(from, path);
  if ((await stat(place)).size > maxTextBytes) throw refused(`${shownName(path)} is larger than 4 MB`);
  return readFile(place, 'utf8');
}

function parsed<Shape extends z.ZodType>(shape: Shape, text: string, where: string, what: string): z.infer<Shape> {
  const found = shape.safeParse(jsonOf(text));
  if (found.success) return found.data;
  throw refused(`${shownName(where)} does not describe ${what}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch {
    return undefined;
  }
}
