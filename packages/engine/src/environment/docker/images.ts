// The image of a release on a Docker host: there already, or pulled by its digest. A pull has errors of its own: who may
// not, what is missing, what is too much, and what does not fit.

import type Docker from 'dockerode';
import { BlueGreenError } from '../../lib/errors.ts';
import { type DockerClient, refusalText, statusOf, unlessMissing } from './client.ts';
import { credentialsFor } from './credentials.ts';
import { type ImageArchive, loadImage } from './load-image.ts';
import type { DockerSettings } from './settings.ts';

export type FoundImage = Docker.ImageInspectInfo;

export interface WantedImage {
  /** What Docker finds it by: a name with its digest, its id, or the configured one for a release of files. */
  readonly reference: string;
  /** Undefined: a registry has it. */
  readonly archive?: ImageArchive | undefined;
}

/**
 * @throws BlueGreenError `artifact-refused`, `artifact-unavailable`, `resources-short`, `release-invalid`,
 * `environment-unreachable`
 */
export async function ensureImage(
  client: DockerClient,
  { reference, archive }: WantedImage,
  settings: Pick<DockerSettings, 'registries' | 'pullMs'>,
): Promise<FoundImage> {
  const here = await findImage(client, reference);
  if (!here) await (archive ? loadImage(client, archive, settings.pullMs) : pull(client, reference, settings));
  const image = here ?? (await findImage(client, reference));
  if (!image)
    throw refused(
      client,
      reference,
      archive ? 'what was loaded is another image' : 'it is not there although it was pulled',
    );
  await requirePlatform(client, reference, image);
  return image;
}

export function findImage(client: DockerClient, reference: string): Promise<FoundImage | undefined> {
  return unlessMissing(client.ask((docker) => docker.getImage(reference).inspect()));
}

/** Docker's names of processors, by those that the kernel reports. */
const machines: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };

async function requirePlatform(client: DockerClient, reference: string, image: FoundImage): Promise<void> {
  const { Arch, Os } = await client.ask((docker) => docker.version());
  const [here, wanted] = [`${Os}/${machines[Arch] ?? Arch}`, `${image.Os}/${image.Architecture}`];
  if (here === wanted) return;
  throw new BlueGreenError(
    'release-invalid',
    `${reference} is built for ${wanted}, and ${client.host.name} is ${here}: build it for this platform`,
  );
}

async function pull(
  client: DockerClient,
  reference: string,
  { registries, pullMs }: Pick<DockerSettings, 'registries' | 'pullMs'>,
): Promise<void> {
  const authconfig = await credentialsFor(reference, registries);
  try {
    await client.ask(async (docker, abortSignal) => {
      const stream = await docker.pull(reference, { ...(authconfig ? { authconfig } : {}), abortSignal });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(stream, (error, events: readonly PullEvent[] | null) => {
          const said = error?.message ?? events?.find((event) => event.error !== undefined)?.error;
          if (said === undefined) resolve();
          else reject(pullError(client, reference, new Error(said, { cause: error })));
        });
      });
    }, pullMs);
  } catch (thrown) {
    throw statusOf(thrown) === undefined ? thrown : pullError(client, reference, thrown);
  }
}

/** What Docker reports in the middle of a pull, after it has answered 200. */
interface PullEvent {
  readonly error?: string;
}

const kinds: readonly (readonly [RegExp, 'artifact-refused' | 'artifact-unavailable' | 'resources-short', string])[] = [
  [/no space left on device/i, 'resources-short', 'the disk of the Docker host is full'],
  [
    /toomanyrequests|too many requests|rate limit/i,
    'artifact-unavailable',
    'the registry limits how often it is asked',
  ],
  [
    /unauthorized|authentication required|no basic auth|access denied|denied|forbidden/i,
    'artifact-refused',
    'the registry refuses access; name the credentials under environment.docker.registries',
  ],
  [/manifest unknown|not found|no such image/i, 'artifact-refused', 'the registry does not have it'],
  [/no matching manifest/i, 'artifact-refused', 'it is not built for the platform of this host'],
];

function pullError({ host }: DockerClient, reference: string, thrown: unknown): BlueGreenError {
  const said = refusalText(thrown);
  const [, code, why] = kinds.find(([pattern]) => pattern.test(said)) ?? [
    undefined,
    'artifact-unavailable' as const,
    'the pull did not succeed',
  ];
  return new BlueGreenError(code, `${host.name} cannot pull ${reference}: ${why} (${said})`, {}, thrown);
}

function refused({ host }: DockerClient, reference: string, why: string): BlueGreenError {
  return new BlueGreenError('artifact-refused', `${host.name} cannot use ${reference}: ${why}`);
}
