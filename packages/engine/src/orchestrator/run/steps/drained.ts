// A side is stopped or replaced only when its requests have ended or its drain limit has passed. The number of requests
// that are still open is stored for all readers.

import type { SlotName } from '../../../domain/target.ts';
import { pause } from '../../../lib/clock.ts';
import { getSnapshot, openKey, putSnapshot } from '../../../state/snapshots.ts';
import type { Core, Target, TargetContext } from '../../core.ts';
import { seenIn } from '../../seen-side.ts';

const pollMs = 200;

type OpenCounts = Readonly<Record<SlotName, number>>;

interface Draining extends TargetContext {
  readonly signal: AbortSignal;
}

/** Waits until nothing is open on the slot, at most the target's drain limit. */
export async function drained(draining: Draining, slot: SlotName): Promise<void> {
  const { core, target, signal } = draining;
  const until = core.clock.monotonic() + target.settings.drainLimitMs;
  let open = await openOn(core, target, slot);
  if (open === 0) return;
  say(draining, slot, {
    action: 'draining',
    sentence: `waits for what is open in ${slot} (${shown(open)}) to end, ${target.settings.drainLimitMs / 1000} s at most`,
  });
  while (open > 0 && core.clock.monotonic() < until && !signal.aborted) {
    await pause(core.clock, pollMs, signal);
    open = await openOn(core, target, slot);
  }
  if (open > 0 && !signal.aborted)
    say(draining, slot, {
      action: 'drain-limit',
      sentence: `${shown(open)} still open in ${slot} when its drain limit passed`,
    });
}

/** Infinite where the load balancer does not count. */
const shown = (open: number): string => (Number.isFinite(open) ? String(open) : 'an unknown number');

function say(
  { core, target, lease }: Draining,
  slot: SlotName,
  { action, sentence }: { readonly action: 'draining' | 'drain-limit'; readonly sentence: string },
): void {
  const detail = { slot, open: readOpen(core, target)?.[slot] };
  core.store.under(lease).write((tx) => tx.audit({ ...target.key, actor: 'engine', action, sentence, detail }));
}

async function openOn(core: Core, target: Target, slot: SlotName): Promise<number> {
  // A balancer that counts nothing may hold some open, so that the whole limit is waited for.
  if (!target.balancer.counts) return (await mayRun({ core, target }, slot)) ? Number.POSITIVE_INFINITY : 0;
  // A balancer that does not answer holds no request to the side open.
  return (await observeOpen(core, target))?.[slot] ?? 0;
}

const mayRun = async (context: Parameters<typeof seenIn>[0], slot: SlotName): Promise<boolean> =>
  (await seenIn(context, slot))?.kind !== 'stopped';

/** Asks the balancer and remembers what it says. Undefined when it does not answer. */
export async function observeOpen(core: Core, target: Target): Promise<OpenCounts | undefined> {
  const { counts } = target.balancer;
  if (!counts) return undefined;
  const traffic = await counts.traffic(core.clock.now()).catch(() => undefined);
  if (traffic === undefined) return undefined;
  const open: OpenCounts = { blue: traffic.blue.open, green: traffic.green.open };
  const before = readOpen(core, target);
  if (before?.blue !== open.blue || before.green !== open.green)
    core.store.note((db, now) => putSnapshot(db, openKey(target.key), open, now));
  return open;
}

/** As last seen by the controller. */
export function readOpen({ store }: Core, { key }: Target): OpenCounts | undefined {
  return getSnapshot<OpenCounts>(store.db, openKey(key))?.value;
}
