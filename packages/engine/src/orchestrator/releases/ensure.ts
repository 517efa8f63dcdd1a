// Fetches one release to its folder, or refuses it and retains nothing of it: for a deployment, or because a person
// asks.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { FactOf } from '../../domain/audit-events.ts';
import { measureFolder } from '../../lib/digest.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { type Fetched, type FetchRequest, fetchFiles } from '../../releases/fetch.ts';
import { makeWorkplace, type Workplace } from '../../releases/workplace.ts';
import { isUnwritten } from '../../state/patience.ts';
import type { Store } from '../../state/store.ts';
import { readRelease } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';

export interface Fetching {
  readonly core: Core;
  /** Under the lease, where the controller fetches. */
  readonly store: Store;
  readonly target: Target;
  readonly version: string;
  readonly from: Pick<FetchRequest, 'source' | 'commit'>;
  /** Of the lease, or of the process: no two fetches share a place. */
  readonly token: string;
  readonly actor: string;
  readonly deploymentId?: string;
  readonly signal: AbortSignal;
}

export const releaseFolder = ({ settings }: Target, version: string): string => join(settings.releasesFolder, version);

export const isThere = (target: Target, version: string): boolean =>
  statSync(releaseFolder(target, version), { throwIfNoEntry: false }) !== undefined;

/** @throws BlueGreenError whose sentence is written already; `fenced-out`; the signal's reason */
export async function ensureRelease(fetching: Fetching): Promise<Fetched> {
  const { core, target, version, token, from, signal } = fetching;
  const { artifacts: settings, releasesFolder, minFreeDiskBytes: keepFreeBytes } = target.settings;
  const workplace = await makeWorkplace(releasesFolder, version, token);
  try {
    const fetched = await fetchFiles({
      ...from,
      service: target.key.service,
      version,
      settings,
      workplace,
      keepFreeBytes,
      clock: core.clock,
      signal,
    });
    await settle(fetching, workplace, fetched);
    return fetched;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof BlueGreenError) || isUnwritten(thrown)) throw thrown;
    const sentence = `${version} is refused: ${thrown.message}`;
    writeFact(fetching, { action: 'release-refused', code: thrown.code, sentence, detail: { version } });
    throw new BlueGreenError(thrown.code, sentence, thrown.details, thrown);
  } finally {
    await workplace.clear();
  }
}

/** The row is written before the files are moved: a process that lost the lease meanwhile moves nothing. */
async function settle(fetching: Fetching, workplace: Workplace, fetched: Fetched): Promise<void> {
  const { core, target, version, signal } = fetching;
  const { source, bytes, files, sha256 } = fetched;
  const { digest } = await measureFolder(workplace.files, signal);
  const known = readRelease(core.store.db, target.key.service, version);
  if (known && known.digest !== digest)
    throw new BlueGreenError(
      'release-modified',
      `it was registered with other files (${known.digest.slice(0, 12)}, now ${digest.slice(0, 12)}), and a version is immutable`,
    );
  writeFact(fetching, {
    action: 'release-fetched',
    sentence: `${version} fetched from ${source}`,
    detail: { version, source, bytes, files, sha256, digest },
  });
  await workplace.moveTo(version);
}

function writeFact(
  { store, target, actor, deploymentId }: Fetching,
  fact: FactOf<'release-fetched' | 'release-refused'> & { readonly sentence: string },
): void {
  store.write((tx) => tx.audit({ ...target.key, actor, deploymentId, ...fact }));
}
