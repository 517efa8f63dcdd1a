// In parallel with the deployments: writes the state back regularly, completes the reserve for a full disk, and detects
// a jump of the clock or a suspended machine.

import { uptime } from 'node:os';
import type { BareAction } from '../../domain/audit-events.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import type { Lease } from '../../state/leases.ts';
import { settleState } from '../../state/rest.ts';
import type { Core } from '../core.ts';

const settleEveryMs = 30_000;
const lookEveryMs = 1_000;
/** A smaller jump is a correction by a time server, or the inaccuracy of the checks. */
const jumpMs = 2_000;

export async function maintainState(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  await Promise.all([settle(core, signal), watchClock(core, lease, signal)]);
}

async function settle({ clock, store, log }: Core, signal: AbortSignal): Promise<void> {
  do {
    try {
      settleState(store.db);
    } catch (thrown) {
      log.error({ problem: messageOf(thrown) }, 'the state could not be written back; the driver tries again');
    }
  } while (await pause(clock, settleEveryMs, signal));
}

interface Offsets {
  /** Wall clock ahead of the monotonic one. */
  readonly wallMs: number;
  /** For how long the machine has been suspended since its start. */
  readonly suspendedMs: number;
}

async function watchClock(core: Core, lease: Lease, signal: AbortSignal): Promise<void> {
  let before = offsetsOf(core);
  while (await pause(core.clock, lookEveryMs, signal)) {
    const now = offsetsOf(core);
    const suspendedMs = now.suspendedMs - before.suspendedMs;
    const isSuspended = suspendedMs > jumpMs;
    const jumpedMs = now.wallMs - before.wallMs - (isSuspended ? suspendedMs : 0);
    before = now;
    if (isSuspended)
      announce(core, lease, 'machine-suspended', `this machine was suspended for ${lengthOf(suspendedMs)}`);
    if (Math.abs(jumpedMs) <= jumpMs) continue;
    const way = jumpedMs > 0 ? 'forward' : 'back';
    announce(core, lease, 'clock-jumped', `the clock of this machine jumped ${way} by ${lengthOf(jumpedMs)}`);
  }
}

function offsetsOf({ clock }: Core): Offsets {
  const monotonicMs = clock.monotonic();
  return { wallMs: clock.now() - monotonicMs, suspendedMs: uptime() * 1_000 - monotonicMs };
}

/** @throws BlueGreenError `fenced-out`; another fault of the state only costs the audit row. */
function announce({ log, store }: Core, lease: Lease, action: BareAction, sentence: string): void {
  log.warn({ problem: sentence }, 'the time is not what it was; watches and leases follow the monotonic clock');
  const whole = `${sentence}: watches and leases are not affected, deadlines and schedules follow the new time`;
  try {
    store.under(lease).write((tx) => tx.audit({ actor: 'engine', action, sentence: whole }));
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    log.error({ problem: messageOf(thrown) }, 'the jump of the clock could not be written down');
  }
}

function lengthOf(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
