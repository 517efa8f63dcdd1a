// The first half of phase `fetching`: a release that CI announced and that is not here yet is brought here. What is
// there already is never fetched over.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { measureFolder } from '../lib/digest.ts';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import type { ArtifactSource } from '../releases/artifact.ts';
import { type Fetched, type FetchRequest, fetchFiles } from '../releases/fetch.ts';
import { digestIn, readImage } from '../releases/image.ts';
import { clearWorkplaces, makeWorkplace, type Workplace } from '../releases/workplace.ts';
import { buildOf } from '../state/builds.ts';
import type { DeploymentRow } from '../state/deployments.ts';
import { fetchedSha256 } from '../state/fetched.ts';
import type { Lease } from '../state/leases.ts';
import { readRelease } from '../state/targets.ts';
import type { Charge, Core, Target } from './core.ts';
import { failed, type StepResult } from './step.ts';

interface Obtaining extends Charge {
  readonly row: DeploymentRow;
  readonly signal: AbortSignal;
}

/** Undefined when the release lies in its folder, or nobody announced it: then the folder is missed as ever. */
export async function obtainRelease(obtaining: Obtaining): Promise<StepResult | undefined> {
  const { core, target, row } = obtaining;
  // Two targets of a service may deploy the same version at the same moment.
  const folder = releaseFolder(target, row.version);
  const refusal = await core.turns(`release ${folder}`, async () => {
    const build = buildOf(core.store.db, row.service, row.version);
    if (!build?.artifact) return undefined;
    return isThere(target, row.version)
      ? conflict(obtaining, build.artifact)
      : fetchInto(obtaining, { source: build.artifact, commit: build.commit });
  });
  const image = refusal ? undefined : readImage(folder);
  return image
    ? failed(
        'release-invalid',
        `${row.version} is the image ${image.name}@${image.digest}, and ${target.name} runs programs: publish an archive, since there is no driver for images yet`,
      )
    : refusal;
}

/** What a killed driver left of a fetch. */
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

const releaseFolder = ({ settings }: Target, version: string) => join(settings.releasesFolder, version);

const isThere = (target: Target, version: string) =>
  statSync(releaseFolder(target, version), { throwIfNoEntry: false }) !== undefined;

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
  obtaining: Obtaining,
  wish: Pick<FetchRequest, 'source' | 'commit'>,
): Promise<StepResult | undefined> {
  const { core, target, lease, row, signal } = obtaining;
  const workplace = await makeWorkplace(target.settings.releasesFolder, row.version, lease.token);
  try {
    const { artifacts: settings } = target.settings;
    const fetched = await fetchFiles({ ...wish, version: row.version, settings, workplace, clock: core.clock, signal });
    await settle(obtaining, workplace, fetched);
    return undefined;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof BlueGreenError) || thrown.code === 'fenced-out') throw thrown;
    const sentence = `${row.version} is refused: ${thrown.message}`;
    auditRefusal(core, lease, row, { code: thrown.code, sentence });
    return failed(thrown.code, sentence);
  } finally {
    await workplace.clear();
  }
}

/** The row is written before the files are moved: whoever lost the lease meanwhile moves nothing. */
async function settle(
  { core, target, lease, row, signal }: Obtaining,
  workplace: Workplace,
  { source, bytes, files, sha256 }: Fetched,
): Promise<void> {
  const { digest } = await measureFolder(workplace.files, signal);
  const known = readRelease(core.store.db, row.service, row.version);
  if (known && known.digest !== digest)
    throw new BlueGreenError(
      'release-modified',
      `it was registered with other files (${known.digest.slice(0, 12)}, now ${digest.slice(0, 12)}), and a version is immutable`,
    );
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'release-fetched',
      deploymentId: row.id,
      sentence: `${row.version} fetched from ${source}`,
      detail: { version: row.version, source, bytes, files, sha256, digest },
    }),
  );
  await workplace.moveTo(row.version);
}

function auditRefusal(
  core: Core,
  lease: Lease,
  { service, target, id, version }: DeploymentRow,
  { code, sentence }: { readonly code: string; readonly sentence: string },
): void {
  core.store.under(lease).write((tx) =>
    tx.audit({
      service,
      target,
      actor: 'engine',
      action: 'release-refused',
      deploymentId: id,
      code,
      sentence,
      detail: { version },
    }),
  );
}
