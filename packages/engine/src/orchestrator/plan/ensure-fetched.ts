// The first half of phase `fetching`: fetches a release that CI announced and that is not here yet. A release that is
// already here is never overwritten.

import type { ArtifactSource } from '../../domain/artifact.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { readImage } from '../../lib/image-file.ts';
import { digestIn } from '../../releases/image.ts';
import { clearWorkplaces } from '../../releases/workplace.ts';
import { buildOf } from '../../state/builds.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { fetchedSha256 } from '../../state/fetched.ts';
import { isUnwritten } from '../../state/patience.ts';
import { type Core, placeOf, type Target, type TargetContext } from '../core.ts';
import { ensureRelease, type Fetching, isThere, releaseFolder } from '../releases/ensure.ts';
import { failed, type StepResult } from '../run/step.ts';

interface Obtaining extends TargetContext {
  readonly row: DeploymentRow;
  readonly signal: AbortSignal;
}

/** Undefined when the release is in its folder, or was not announced: then the folder is reported missing as usual. */
export async function obtainRelease(obtaining: Obtaining): Promise<StepResult | undefined> {
  const { core, target, row } = obtaining;
  // Two targets of a service may deploy the same version at the same moment.
  const folder = releaseFolder(target, row.version);
  const refusal = await core.mutex(`release ${folder}`, async () => {
    const build = buildOf(core.store.db, row.service, row.version);
    if (!build?.artifact) return undefined;
    return isThere(target, row.version)
      ? conflict(obtaining, build.artifact)
      : fetchInto(obtaining, { source: build.artifact, commit: build.commit });
  });
  return refusal ?? imageOn(obtaining, folder);
}

/** A release that is an image is on every host before anything else begins: a pull has its own ways to fail. */
async function imageOn({ target, row }: Obtaining, folder: string): Promise<StepResult | undefined> {
  const image = readImage(folder);
  if (!image) return undefined;
  const { images } = target.environment;
  if (!images)
    return failed(
      'release-invalid',
      `${row.version} is the image ${image.name}@${image.digest}, and ${target.name} runs programs: publish an archive, or name an environment that runs images`,
    );
  try {
    await images.ensure(placeOf(target, row.slot), { version: row.version, folder });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof BlueGreenError) || isUnwritten(thrown)) throw thrown;
    return failed(thrown.code, `${row.version} cannot be run: ${thrown.message}`);
  }
}

/** Clears what a killed controller left of a fetch. */
export async function clearUnfinished(core: Core): Promise<void> {
  for (const releases of new Set(core.targets.map(({ settings }) => settings.releasesFolder))) {
    try {
      await clearWorkplaces(releases);
    } catch (thrown) {
      core.log.error({ releases, problem: messageOf(thrown) }, 'what is left of a fetch could not be removed');
    }
  }
}

/** Whether a version may be deployed although its folder is not there yet. */
export function isAnnounced({ store }: Core, { key }: Target, version: string): boolean {
  return buildOf(store.db, key.service, version)?.artifact !== undefined;
}

/** CI announced the version once more, with another archive than the one that it was made of. */
function conflict({ core, row }: Obtaining, artifact: ArtifactSource): StepResult | undefined {
  const announced = announcedSha256(artifact);
  const before = fetchedSha256(core.store.db, row.service, row.version);
  if (announced === undefined || before === undefined || announced === before) return undefined;
  return failed(
    'release-modified',
    `${row.version} was fetched with the sha256 ${before.slice(0, 12)}, and CI has announced it again with ${announced.slice(0, 12)}: a version is immutable`,
  );
}

function announcedSha256(artifact: ArtifactSource): string | undefined {
  if (artifact.kind === 'image') return digestIn(artifact.reference);
  return 'sha256' in artifact ? artifact.sha256?.toLowerCase() : undefined;
}

async function fetchInto(
  { core, target, lease, row, signal }: Obtaining,
  from: Fetching['from'],
): Promise<StepResult | undefined> {
  try {
    await ensureRelease({
      core,
      store: core.store.under(lease),
      target,
      version: row.version,
      from,
      token: String(lease.token),
      actor: 'engine',
      deploymentId: row.id,
      signal,
    });
    return undefined;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof BlueGreenError) || isUnwritten(thrown)) throw thrown;
    return failed(thrown.code, thrown.message);
  }
}
