// What is done about releases outside deployments, for as long as this process is the controller: it checks those that
// run and removes those that nothing holds.

import { hasCode, messageOf } from '../../lib/errors.ts';
import { together } from '../../lib/tasks.ts';
import type { Lease } from '../../state/leases.ts';
import { readSlot } from '../../state/targets.ts';
import { announcePending } from '../controller/pending-changes.ts';
import type { Core, Target } from '../core.ts';
import { lookAtConfiguration } from './configuration.ts';
import { type FilesMemory, lookAtFiles } from './files.ts';
import { pruneReleases } from './prune.ts';
import { pruneImages } from './prune-images.ts';

const roundMs = 1_000;
const lookEveryMs = 60_000;
/** A check of many files does not start again before a rest of this many times its length. */
const restFactor = 30;
const pruneEveryMs = 600_000;
/** Per service and round. */
const prunedAtMost = 5;

export async function maintainReleases(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  await together(
    [(stop) => maintainRunning(core, lease, stop), (stop) => maintainStoredReleases(core, lease, stop)],
    signal,
  );
}

async function maintainRunning(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const memory: FilesMemory = new Map();
  for (let due = 0, standing = ''; !signal.aborted; await core.changeSignal.changed(roundMs, signal)) {
    const now = standingOf(core);
    if (now === standing && core.clock.monotonic() < due) continue;
    standing = now;
    const began = performance.now();
    await guarded(core, signal, async () => announcePending(core, lease));
    for (const target of core.targets) await guarded(core, signal, () => lookAtConfiguration({ core, target, lease }));
    await guarded(core, signal, () => lookAtFiles({ core, lease, memory, signal }));
    due = core.clock.monotonic() + Math.max(lookEveryMs, restFactor * (performance.now() - began));
  }
}

async function maintainStoredReleases(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const services = [...new Set(core.targets.map(({ key }) => key.service))];
  const store = core.store.under(lease);
  for (let due = 0; !signal.aborted; await core.changeSignal.changed(roundMs, signal)) {
    if (core.clock.monotonic() < due) continue;
    for (const service of services)
      await guarded(core, signal, async () => {
        const pruning = { core, store, actor: 'engine', service, atMost: prunedAtMost, signal };
        await pruneReleases(pruning);
        await pruneImages(pruning);
      });
    due = core.clock.monotonic() + pruneEveryMs;
  }
}

/** What runs where: a new start is checked without waiting. */
function standingOf({ store: { db }, targets }: Core): string {
  const sides = (target: Target) =>
    (['blue', 'green'] as const).map((slot) => {
      const { role, version, since, restarts } = readSlot(db, target.key, slot);
      return [role, version, since, restarts].join(' ');
    });
  return targets.flatMap(sides).join(',');
}

/** A failure is reported and tried again in the next round; a lost lease ends it all. */
async function guarded(core: Core, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    // Work that was interrupted because this process stops being the controller has not failed.
    if (signal.aborted) return;
    core.log.error({ problem: messageOf(thrown) }, 'releases could not be tended, tries again');
  }
}
