// Images follow the files of their releases: what keeps the files of a version keeps its image on every host, and an image
// goes after them, by the same setting.

import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { readImage } from '../../lib/image-file.ts';
import { digestIn } from '../../releases/image.ts';
import { releaseFolders } from '../../releases/prune-folder.ts';
import { latestBuilds } from '../../state/builds.ts';
import type { Core, Target } from '../core.ts';
import type { Pruning } from './prune.ts';
import { heldVersions } from './stored.ts';

/** Those that CI announced last may be deployed by a button, whether their files are here or not. */
const mostBuilds = 50;

/** A host that cannot be asked is logged by the environment and asked again in the next round. */
export async function pruneImages({ core, store, actor, service, atMost, signal }: Pruning): Promise<void> {
  const targets = core.targets.filter(({ key }) => key.service === service);
  // As for files: without a rule for one of the targets nothing is removed.
  if (targets.some(({ settings }) => settings.keepReleases === undefined)) return;
  for (const { environment, key } of targets) {
    await environment.images?.prune({
      ...key,
      atMost,
      signal,
      isKept: ({ version, digest }) => heldVersions(core, service).has(version) || namedDigests(core).has(digest),
      removed: ({ name, digest, version, host }) =>
        store.write((tx) =>
          tx.audit({
            ...key,
            actor,
            action: 'image-pruned',
            sentence: `the image of ${service} ${version} is removed from ${host}: nothing keeps it (${name}@${digest})`,
            detail: { version, image: name, digest, host },
          }),
        ),
    });
  }
}

/** Of every service: two may run one image. */
function namedDigests(core: Core): ReadonlySet<string> {
  const places = new Set(core.targets.map(({ settings }) => settings.releasesFolder));
  const services = new Set(core.targets.map(({ key }) => key.service));
  return new Set([
    ...[...places].flatMap((place) => digestsIn(core, place)),
    ...[...services].flatMap((service) => announcedDigests(core, service)),
  ]);
}

function digestsIn(core: Core, place: string): readonly string[] {
  return releaseFolders(place).flatMap((version) => {
    try {
      return readImage(join(place, version))?.digest ?? [];
    } catch (thrown) {
      core.log.warn({ release: join(place, version), problem: messageOf(thrown) }, 'the image of a release is unknown');
      return [];
    }
  });
}

function announcedDigests({ store: { db } }: Core, service: Target['key']['service']): readonly string[] {
  return latestBuilds(db, service, mostBuilds).flatMap(({ artifact }) => {
    const hex = artifact?.kind === 'image' ? digestIn(artifact.reference) : undefined;
    return hex === undefined ? [] : [`sha256:${hex}`];
  });
}
