// Beside the deployments: the state is written back while nothing happens and checked once a day, and whoever sets the
// clock or suspends the machine is noticed.

import { uptime } from 'node:os';
import { pause } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Lease } from '../state/leases.ts';
import { checkWholeState, settleState } from '../state/rest.ts';
import { getSnapshot, putSnapshot } from '../state/snapshots.ts';
import type { Core } from './core.ts';

const lookEveryMs = 1_000;
const settleEveryMs = 30_000;
const checkAfterMs = 60_000;
const checkEveryMs = 24 * 60 * 60_000;
/** Less is what a time server corrects, and the inaccuracy of the looks. */
const jumpMs = 2_000;
const checkedKey = 'state-checked';

export async function tendState(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  await Promise.all([watchClock(core, lease, signal), settle(core, signal), check(core, lease, signal)]);
}

interface Offsets {
  /** Wall clock ahead of the monotonic one. */
  readonly wallMs: number;
  /** Time that the machine was suspended since its start. */
  readonly suspendedMs: number;
}

async function watchClock(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  let before = offsets(core);
  while (await pause(core.clock, lookEveryMs, signal)) {
    const now = offsets(core);
    const suspendedMs = now.suspendedMs - before.suspendedMs;
    const jumpedMs = now.wallMs - before.wallMs - (suspendedMs > jumpMs ? suspendedMs : 0);
    before = now;
    if (suspendedMs > jumpMs)
      announce(core, lease, 'machine-suspended', `this machine was suspended for ${lengthOf(suspendedMs)}`);
    if (Math.abs(jumpedMs) > jumpMs) {
      const way = jumpedMs > 0 ? 'forward' : 'back';
      announce(core, lease, 'clock-jumped', `the clock of this machine jumped ${way} by ${lengthOf(jumpedMs)}`);
    }
  }
}

function offsets({ clock }: Core): Offsets {
  const monotonicMs = clock.monotonic();
  return { wallMs: clock.now() - monotonicMs, suspendedMs: uptime() * 1_000 - monotonicMs };
}

function announce(core: Core, lease: Lease, action: string, sentence: string): void {
  core.log.warn({ problem: sentence }, 'time is not as it was; watches and leases go on by the monotonic clock');
  core.store.under(lease).write((tx) =>
    tx.audit({
      actor: 'engine',
      action,
      sentence: `${sentence}; watches and leases are not affected, deadlines of people and schedules follow the clock`,
    }),
  );
}

function lengthOf(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

async function settle({ clock, store, log }: Core, signal: AbortSignal): Promise<void> {
  while (await pause(clock, settleEveryMs, signal)) {
    try {
      settleState(store.db);
    } catch (thrown) {
      log.error({ problem: messageOf(thrown) }, 'the state could not be written back, tries again');
    }
  }
}

async function check(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  const { clock, store, log } = core;
  while (await pause(clock, checkAfterMs, signal)) {
    const agoMs = clock.now() - (getSnapshot(store.db, checkedKey)?.at ?? 0);
    if (agoMs >= 0 && agoMs < checkEveryMs) continue;
    try {
      const damage = await checkWholeState(store.db, signal);
      store.note((db, now) => putSnapshot(db, checkedKey, damage ?? 'sound', now));
      if (damage === undefined) continue;
      const sentence = `the state file is damaged: ${damage}; put back a backup, or run bg state rebuild`;
      log.error({ problem: damage }, 'the state file is damaged');
      store.under(lease).write((tx) => tx.audit({ actor: 'engine', action: 'state-damaged', sentence }));
    } catch (thrown) {
      if (signal.aborted) return;
      log.error({ problem: messageOf(thrown) }, 'the state could not be checked, tries again');
    }
  }
}
