// Everything about a start that can be known without asking Docker.

import { BlueGreenError } from '../../lib/errors.ts';
import { readImage } from '../../lib/image-file.ts';
import type { Variables } from '../env-files.ts';
import { describePlace, type Effective, type ReleaseFiles } from '../environment.ts';
import { requireRelease } from '../release-folder.ts';
import { requireResources } from '../resources.ts';
import { buildEnvironment } from '../spawn-env.ts';
import { effectiveOf } from '../started-with.ts';
import { type RenderedFile, renderTemplates } from '../templates.ts';
import { launchFolder } from './config-files.ts';
import { isLocal } from './hosts.ts';
import type { WantedImage } from './images.ts';
import type { Room, StartRequest } from './room.ts';
import type { DockerSettings } from './settings.ts';

export interface Prepared {
  /** What the container is made of. */
  readonly image: WantedImage;
  /** Undefined where the release is the image. */
  readonly releaseFolder: string | undefined;
  readonly env: Variables;
  /** Empty: what the image starts by itself. */
  readonly argv: readonly string[];
  readonly configFolder: string;
  readonly files: readonly RenderedFile[];
  readonly startedWith: Effective;
}

/** @throws BlueGreenError `release-invalid` */
export function imageOf({ image }: Pick<DockerSettings, 'image'>, { folder }: Pick<ReleaseFiles, 'folder'>) {
  const ofImage = readImage(folder);
  if (!ofImage) return { ofImage, image: image === undefined ? undefined : { reference: image } };
  const { name, digest, archive } = ofImage;
  const wanted: WantedImage = archive
    ? { reference: digest, archive: { ...archive, folder } }
    : { reference: `${name}@${digest}` };
  return { ofImage, image: wanted };
}

/** @throws what `Environment.start` throws before it asks Docker */
export function prepare(room: Room, { place, host, release, settings }: StartRequest, launch: string): Prepared {
  requireRelease(release);
  const docker = room.settingsOf(place);
  const { ofImage, image } = imageOf(docker, release);
  const refuse = (why: string): never => {
    throw new BlueGreenError('release-invalid', `${describePlace(place)} cannot start ${release.version}: ${why}`);
  };
  if (image === undefined)
    return refuse('it has files, and environment.docker.image does not say which image they run in');
  if (!ofImage && !isLocal(host))
    return refuse(`it has files, which ${host.name} does not have: publish it as an image`);
  const configFolder = launchFolder(room, place, launch);
  const { env, argv } = buildEnvironment({ place, release, settings, launch, configFolder });
  if (argv.length === 0 && !ofImage) return refuse('neither the configuration nor the release has a `command`');
  const files = renderTemplates({ place, release, templates: settings.templates, values: env });
  if (files.length > 0 && !isLocal(host))
    return refuse(`it has templates, which are filled in on this machine and not on ${host.name}`);
  if (isLocal(host)) requireResources(room.stateFolder, settings);
  return {
    image,
    releaseFolder: ofImage ? undefined : release.folder,
    env,
    argv,
    configFolder,
    files,
    startedWith: effectiveOf(room, settings),
  };
}
