// Resolves a reference of an image to its digest by asking its registry. The resulting release is one small file that
// names the image: its program runs it by the digest, whatever the tag becomes.
// https://distribution.github.io/distribution/spec/api/

import { createHash } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactSettings } from '../config/artifacts/settings.ts';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { syncFolder, writeFileSynced } from '../lib/files.ts';
import type { StreamAnswer } from '../lib/http-stream.ts';
import { type Image, imageFile } from '../lib/image-file.ts';
import { withoutMark } from '../lib/text-file.ts';
import { ask } from './ask.ts';
import { refused, unavailable } from './refused.ts';

export interface ImageRequest {
  readonly reference: string;
  readonly settings: Pick<ArtifactSettings, 'hosts' | 'limits'>;
  readonly signal: AbortSignal;
}

/** `folder` must not be there. */
export async function writeImage(folder: string, image: Image): Promise<void> {
  await mkdir(folder);
  writeFileSynced(join(folder, imageFile), `${JSON.stringify(image, undefined, 2)}\n`, 0o444);
  await chmod(folder, 0o555);
  syncFolder(folder);
}

const accepted = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** @throws BlueGreenError `artifact-refused` or `artifact-unavailable` */
export async function resolveImage(request: ImageRequest): Promise<Image> {
  const { registry, repository, digest, named } = parseReference(request.reference);
  const scheme = request.settings.hosts.some(({ name, port, http }) => http && isSame(registry, name, port))
    ? 'http'
    : 'https';
  const url = `${scheme}://${registry}/v2/${repository}/manifests/${named}`;
  let answer = await get(request, url);
  if (answer.status === 401) {
    const token = await tokenFor(request, answer, `${registry}/${repository}`);
    answer = await get(request, url, `Bearer ${token}`);
  }
  const body = await wholeOf(answer, `${registry} answers ${answer.status} when it is asked for ${request.reference}`);
  const found = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const reported = digest ?? answer.header('docker-content-digest') ?? found;
  if (reported !== found)
    throw refused(`${registry} gives ${found} as ${request.reference}, and it should be ${reported}`);
  return { name: `${registry}/${repository}`, digest: found };
}

/** The digest that a reference names, in hex. */
export const digestIn = (reference: string): string | undefined => /@sha256:([0-9a-f]{64})$/.exec(reference)?.[1];

const referenceShape =
  /^(?<registry>(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?)\/(?<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

function parseReference(reference: string) {
  const { registry, repository, tag, digest } = referenceShape.exec(reference)?.groups ?? {};
  const isHost = registry !== undefined && (/[.:]/.test(registry) || registry === 'localhost');
  if (!registry || !repository || !isHost || reference.length > 500)
    throw refused(
      `${JSON.stringify(reference.slice(0, 200))} does not name an image with its registry, as in registry.example.com/shop:v1`,
    );
  const named = digest ?? (tag === 'latest' ? undefined : tag);
  if (named === undefined)
    throw refused(
      `${JSON.stringify(reference)} names no version of the image, as what \`latest\` is changes: announce it with another tag, or with its digest`,
    );
  return { registry, repository, digest, named };
}

const isSame = (registry: string, name: string, port: number | undefined) =>
  registry.toLowerCase() === (port === undefined ? name : `${name}:${port}`);

async function get({ settings, signal }: ImageRequest, url: string, authorization?: string): Promise<StreamAnswer> {
  const { hosts, limits } = settings;
  try {
    return await ask({ url, hosts, headers: { accept: accepted }, authorization, stallMs: limits.stallMs, signal });
  } catch (thrown) {
    if (signal.aborted || (thrown instanceof BlueGreenError && thrown.code === 'artifact-refused')) throw thrown;
    throw unavailable(`the registry could not be asked: ${messageOf(thrown)}`, thrown);
  }
}

/** A registry that wants a token says where to get it; that host must be allowed as well. */
async function tokenFor(request: ImageRequest, answer: StreamAnswer, what: string): Promise<string> {
  answer.drop();
  const wanted = answer.header('www-authenticate') ?? '';
  const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(wanted)?.[1];
  const realm = part('realm');
  if (!/^bearer /i.test(wanted) || realm === undefined || !URL.canParse(realm))
    throw refused(`the registry refuses ${what}; name \`authorization\` of its host`);
  const url = new URL(realm);
  for (const name of ['service', 'scope']) {
    const value = part(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const given = await get(request, url.href);
  const body = await wholeOf(given, `${url.host} answers ${given.status} when it is asked for a token`);
  const found = tokenShape.safeParse(jsonOf(body));
  const token = found.data?.token ?? found.data?.access_token;
  if (token === undefined) throw refused(`${url.host} gives no token for ${what}`);
  return token;
}

const tokenText = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
const tokenShape = z.object({ token: tokenText.optional(), access_token: tokenText.optional() });

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(withoutMark(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

const maxBodyBytes = 4 * 1024 ** 2;

async function wholeOf(answer: StreamAnswer, otherwise: string): Promise<Buffer> {
  if (answer.status !== 200) {
    answer.drop();
    throw answer.status >= 500 || answer.status === 429 ? unavailable(otherwise) : refused(otherwise);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) throw refused('what the registry answers is larger than 4 MB');
  }
  return Buffer.concat(chunks);
}
