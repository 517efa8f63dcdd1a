// Removes old releases from the disk: a few at a time, oldest first. The check that nothing holds a release is in the
// same transaction that moves its folder to the trash, so that no deployment of it can begin in between.

import { messageOf } from '../../lib/errors.ts';
import { removeFolder } from '../../lib/remove-folder.ts';
import { leftInTrash, moveToTrash, putBack, trashNameOf } from '../../releases/prune-folder.ts';
import type { Store, Tx } from '../../state/store.ts';
import { isPruned } from '../../state/stored-releases.ts';
import type { Core } from '../core.ts';
import { placesOf, type ShelvedRelease, storedReleasesOf } from './stored.ts';

export interface Pruning {
  readonly core: Core;
  /** Under the lease, where the controller prunes. */
  readonly store: Store;
  readonly actor: string;
  readonly service: string;
  readonly atMost: number;
  readonly signal?: AbortSignal;
}

/** @returns what was removed. @throws BlueGreenError `fenced-out` */
export async function pruneReleases(pruning: Pruning): Promise<readonly ShelvedRelease[]> {
  const { core, service, atMost, signal } = pruning;
  await emptyTrash(pruning);
  const due = storedReleasesOf(core, service).filter(({ kept }) => kept === undefined);
  const removed: ShelvedRelease[] = [];
  for (const release of due.toReversed()) {
    if (removed.length >= atMost || signal?.aborted) break;
    const trash = takeAway(pruning, release);
    if (trash === undefined) continue;
    await clear(core, trash);
    removed.push(release);
  }
  return removed;
}

/** The folder that it is moved to; undefined when something needs it again. */
function takeAway({ core, store, actor, service }: Pruning, release: ShelvedRelease): string | undefined {
  const { version, folder, bytes } = release;
  const name = trashNameOf(version);
  const trash = { name, folder, path: folder.replace(/[^/]+$/, name) };
  try {
    return store.write((tx) => {
      const now = storedReleasesOf(core, service).find((each) => each.version === version && each.folder === folder);
      if (!now || now.kept !== undefined) return undefined;
      moveToTrash(folder, name);
      writePruned(tx, { actor, service, version, bytes, aside: name });
      return trash.path;
    });
  } catch (thrown) {
    // What is not written has not happened.
    putBack(trash);
    throw thrown;
  }
}

interface Pruned {
  readonly actor: string;
  readonly service: string;
  readonly version: string;
  readonly bytes: number | undefined;
  readonly aside: string;
}

function writePruned(tx: Tx, { actor, service, ...detail }: Pruned): void {
  tx.audit({
    actor,
    service,
    action: 'release-pruned',
    sentence: `the files of ${service} ${detail.version} are removed from the disk: nothing keeps them`,
    detail,
  });
}

/** What a killed process moved to the trash: removed where that was written, and a release again where it was not. */
async function emptyTrash({ core, store, service }: Pruning): Promise<void> {
  for (const left of placesOf(core, service).flatMap(leftInTrash)) {
    const written = store.write((tx) => {
      const said = isPruned(tx.db, left.name);
      if (!said) putBack(left);
      return said;
    });
    if (written) await clear(core, left.path);
  }
}

/** What cannot be removed is tried again the next time. */
async function clear({ log }: Core, path: string): Promise<void> {
  try {
    await removeFolder(path);
  } catch (thrown) {
    log.error({ path, problem: messageOf(thrown) }, 'a pruned release could not be removed, tries again');
  }
}
