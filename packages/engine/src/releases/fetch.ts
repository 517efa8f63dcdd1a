// Fetches the files of an announced release: downloads, verifies and unpacks them, and makes them read-only. What does
// not pass is refused with a sentence and leaves nothing behind. A release is visible only when it is whole.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSettings } from '../config/artifacts/settings.ts';
import type { ArtifactSource } from '../domain/artifact.ts';
import { type Clock, deadline } from '../lib/clock.ts';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { imageFile } from '../lib/image-file.ts';
import { copyFolder } from './copy-folder.ts';
import { createSpend, type Spend } from './disk.ts';
import { download } from './download.ts';
import { checkOutAndBuild } from './git.ts';
import { shownUrl } from './hosts.ts';
import { resolveImage, writeImage } from './image.ts';
import { readImageArchive } from './image-archive.ts';
import { createLanding, type Landed, type Landing, roomFor } from './landing.ts';
import { checkSignature } from './minisign.ts';
import { refused, sizeText } from './refused.ts';
import { unpack } from './unpack.ts';
import type { Workplace } from './workplace.ts';

export interface FetchRequest {
  readonly source: ArtifactSource;
  readonly service: string;
  readonly version: string;
  /** What CI built, where it says so. */
  readonly commit: string | undefined;
  readonly settings: ArtifactSettings;
  readonly workplace: Workplace;
  /** This much of the disk stays free. */
  readonly keepFreeBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A fetch under way. */
interface Fetching extends FetchRequest {
  readonly spend: Spend;
}

export interface Fetched extends Landed {
  /** For people: without passwords. */
  readonly source: string;
  /** Of the archive. */
  readonly sha256: string | undefined;
}

/**
 * The release is in `workplace.files` when it resolves.
 * @throws BlueGreenError `artifact-refused` or `artifact-unavailable`; the signal's reason
 */
export async function fetchFiles(request: FetchRequest): Promise<Fetched> {
  const { timeMs } = request.settings.limits;
  const limit = deadline(timeMs, request.signal);
  try {
    const spend = createSpend(request.workplace.folder, request.keepFreeBytes);
    return await bySource({ ...request, signal: limit, spend });
  } catch (thrown) {
    request.signal.throwIfAborted();
    if (limit.aborted) throw refused(`it took longer than ${timeMs / 1000} s to fetch and unpack`, thrown);
    if (thrown instanceof BlueGreenError) throw thrown;
    throw new BlueGreenError('artifact-unavailable', `it could not be fetched: ${messageOf(thrown)}`, {}, thrown);
  }
}

async function bySource(request: Fetching): Promise<Fetched> {
  const { source } = request;
  switch (source.kind) {
    case 'directory':
      return fromFolder(request, source.path);
    case 'archive':
      return fromLocalArchive(request, source);
    case 'url':
      return fromUrl(request, source);
    case 'image':
      return fromImage(request, source.reference);
    case 'git':
      return fromRepository(request, source);
    default:
      return source satisfies never;
  }
}

async function fromFolder(request: Fetching, path: string): Promise<Fetched> {
  const { settings, workplace, signal, spend } = request;
  refuseUnsigned(settings, 'a folder');
  const from = await allowedPath(request, path);
  if (!(await stat(from)).isDirectory())
    throw refused(`${path} is no folder; an archive is named by \`archive\`, or ends in .tar.gz or .tar.zst`);
  const landing = await createLanding(workplace.files, roomFor(settings.limits, spend), signal);
  await copyFolder(from, landing);
  return { ...(await settled(request, landing)), source: path, sha256: undefined };
}

/** Copied first: it might become another one between being verified and being unpacked. */
async function fromLocalArchive(
  request: Fetching,
  { path, sha256 }: Extract<ArtifactSource, { kind: 'archive' }>,
): Promise<Fetched> {
  const from = await allowedPath(request, path);
  request.spend(await checkSize(from, request.settings));
  const archive = join(request.workplace.folder, 'archive');
  await copyFile(from, archive);
  const signature = `${from}.minisig`;
  if (request.settings.publicKeys.length > 0 && (await isThere(signature)))
    await copyFile(signature, `${archive}.minisig`);
  return fromArchive(request, { archive, sha256, shown: path });
}

async function fromUrl(request: Fetching, { url, sha256 }: Extract<ArtifactSource, { kind: 'url' }>): Promise<Fetched> {
  const { settings, workplace } = request;
  if (sha256 === undefined && settings.requireDigest)
    throw refused('CI has not announced its sha256, without which nothing is downloaded (`artifacts.requireDigest`)');
  const archive = join(workplace.folder, 'archive');
  const { downloadBytes } = settings.limits;
  await download({ ...request, url, file: archive, maxBytes: downloadBytes });
  if (settings.publicKeys.length > 0) {
    const beside = new URL(url);
    beside.pathname += '.minisig';
    await download({ ...request, url: beside.href, file: `${archive}.minisig`, maxBytes: maxSignatureBytes });
  }
  return fromArchive(request, { archive, sha256, shown: shownUrl(new URL(url)) });
}

const maxSignatureBytes = 16 * 1024;

async function fromArchive(
  request: Fetching,
  { archive, sha256, shown }: { readonly archive: string; readonly sha256: string | undefined; readonly shown: string },
): Promise<Fetched> {
  const { settings, workplace, signal, spend } = request;
  const size = await checkSize(archive, settings);
  const found = await digestOf(archive, signal);
  if (sha256 !== undefined && sha256.toLowerCase() !== found)
    throw refused(`its sha256 is ${found}, and CI announced ${sha256.toLowerCase()}`);
  if (settings.publicKeys.length > 0)
    await checkSignature({
      file: archive,
      signature: await readSignature(archive),
      keys: settings.publicKeys,
      release: settings.signatureNamesRelease ? request : undefined,
    });
  const landing = await createLanding(workplace.files, roomFor(settings.limits, spend, size), signal);
  await unpack({ archive, landing, strip: settings.strip, signal });
  return { ...(await settled(request, landing)), source: shown, sha256: found };
}

/** Where it is an image, a small file says so from now on. */
async function settled({ workplace, signal }: Fetching, landing: Landing): Promise<Landed> {
  const image = await readImageArchive({ folder: workplace.files, architecture: architectureHere(), signal });
  if (image) await landing.file(imageFile, textBytes(`${JSON.stringify(image, undefined, 2)}\n`), asPublished);
  return landing.settle();
}

const asPublished = { mode: 0o644, modifiedAt: undefined };

async function* textBytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

/** As Docker names it. */
const architectureHere = (): string => (process.arch === 'x64' ? 'amd64' : process.arch);

async function fromImage(request: Fetching, reference: string): Promise<Fetched> {
  refuseUnsigned(request.settings, 'an image');
  const image = await resolveImage({ ...request, reference });
  await writeImage(request.workplace.files, image);
  return { source: reference, sha256: image.digest.slice('sha256:'.length), files: 1, bytes: 0 };
}

async function fromRepository(
  request: Fetching,
  { repository, ref }: Extract<ArtifactSource, { kind: 'git' }>,
): Promise<Fetched> {
  const { settings, workplace, signal, spend } = request;
  refuseUnsigned(settings, 'a repository');
  const { url, commit, output } = await checkOutAndBuild({ ...request, repository, ref, folder: workplace.folder });
  const landing = await createLanding(workplace.files, roomFor(settings.limits, spend), signal);
  await copyFolder(output, landing, { leaveOut: ['.git'], ownModes: true });
  return { ...(await landing.settle()), source: `${shownUrl(new URL(url))} at ${commit}`, sha256: undefined };
}

/** An announced path must not read the rest of this machine: links in it are followed before it is compared. */
async function allowedPath({ settings }: Fetching, path: string): Promise<string> {
  const real = await realpath(path).catch((thrown: unknown) => {
    throw refused(`${path} cannot be found: ${messageOf(thrown)}`, thrown);
  });
  for (const folder of settings.folders) {
    const allowed = await realpath(folder).catch(() => undefined);
    if (allowed !== undefined && real.startsWith(`${allowed}/`)) return real;
  }
  throw refused(`${path} is in none of the folders in \`artifacts.folders\``);
}

async function checkSize(archive: string, { limits }: ArtifactSettings): Promise<number> {
  const found = await stat(archive);
  if (!found.isFile()) throw refused('it is no file');
  if (found.size > limits.downloadBytes)
    throw refused(`it is larger than ${sizeText(limits.downloadBytes)}, which is the most that is taken`);
  return found.size;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function refuseUnsigned({ publicKeys }: ArtifactSettings, what: string): void {
  if (publicKeys.length > 0)
    throw refused(`${what} cannot be signed, and \`artifacts.publicKeys\` asks for a signature`);
}

async function readSignature(archive: string): Promise<string> {
  const path = `${archive}.minisig`;
  try {
    const { size } = await stat(path);
    if (size <= maxSignatureBytes) return await readFile(path, 'utf8');
  } catch (thrown) {
    throw refused('it has no signature next to it, and `artifacts.publicKeys` asks for one', thrown);
  }
  throw refused('the .minisig file next to it is no signature of minisign');
}

async function digestOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
