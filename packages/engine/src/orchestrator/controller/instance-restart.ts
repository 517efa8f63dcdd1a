// One instance of several has ended while the others go on: it is started again, and the routing is not touched. The guard
// counts no crash of the side for it.

import type { InstanceObservation, SlotObservation } from '../../environment/environment.ts';
import { messageOf } from '../../lib/errors.ts';
import { readSlot, type SlotRow, setSlot } from '../../state/targets.ts';
import { healthOf, releaseFiles, slotMutex } from '../core.ts';
import { startMissing } from '../plan/release-settings.ts';
import { seenIn } from '../seen-side.ts';
import { backoff, isKnownHere, type Look } from './restarting.ts';

type Lacking = SlotObservation & { readonly kind: 'running'; readonly instances: readonly InstanceObservation[] };

/** Whether some instances run, and others have ended. */
export const lacksInstances = (seen: SlotObservation): seen is Lacking =>
  seen.kind === 'running' && seen.instances?.some(({ kind }) => kind === 'stopped') === true;

/** Also of a side that a deployment works on, whose other instances have users. */
export async function restartInstances(look: Look, row: SlotRow): Promise<void> {
  const { core, target, slot, signal } = look;
  if (row.label !== null) return;
  if (row.nextRestartAt === null) await inTurn(look, row, announce);
  const { nextRestartAt } = readSlot(core.store.db, target.key, slot);
  if (nextRestartAt === null) return;
  const waitMs = nextRestartAt - core.clock.now();
  const { intervalMs } = healthOf(target, slot);
  // A longer wait is over at a later check, or the clock was set back.
  if (waitMs > intervalMs && waitMs <= target.settings.crash.maxRestartMs) return;
  await core.clock.sleep(Math.max(0, Math.min(waitMs, intervalMs)), signal).catch(() => undefined);
  if (!signal.aborted) await inTurn(look, row, restart);
}

/** What may have changed while this waited is read again; what another one stops or replaces is left alone. */
async function inTurn(
  look: Look,
  before: SlotRow,
  act: (look: Look, row: SlotRow, seen: Lacking) => Promise<void> | void,
): Promise<void> {
  const { core, target, slot } = look;
  await core.mutex(slotMutex(target, slot), async () => {
    const row = readSlot(core.store.db, target.key, slot);
    if (target.counts?.scaling(slot)) return;
    const isSame = row.version === before.version && row.role !== 'idle' && row.label === null;
    if (!isSame || row.deploymentId !== before.deploymentId) return;
    const seen = await seenIn({ core, target }, slot);
    if (seen && lacksInstances(seen) && seen.version === row.version) await act(look, row, seen);
  });
}

function announce({ core, target, lease, slot }: Look, row: SlotRow, { instances }: Lacking): void {
  core.store.under(lease).write((tx) => {
    setSlot(tx, target.key, slot, { nextRestartAt: tx.now + backoff(target, row.restarts) });
    for (const ended of instances) {
      if (ended.kind !== 'stopped') continue;
      const { instance, lastExit, lastLog } = ended;
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'crashed',
        code: row.role,
        sentence: `instance ${instance} of ${row.version} in ${slot} (${row.role}) crashed${lastExit ? ` (${lastExit})` : ''}; it is restarted`,
        detail: { slot, role: row.role, version: row.version, lastLog: lastLog.slice(-10) },
      });
    }
  });
}

async function restart(look: Look, row: SlotRow, seen: Lacking): Promise<void> {
  const { core, target, lease, slot } = look;
  const release = releaseFiles(core, row.service, row.version ?? '');
  // Another digest would replace the instances that go on.
  if (!release || release.digest !== seen.digest || !(await isKnownHere(look))) return;
  const ended = seen.instances.flatMap(({ instance, kind }) => (kind === 'stopped' ? [instance] : []));
  const which = `instance${ended.length === 1 ? '' : 's'} ${ended.join(', ')} of ${row.version}`;
  const problem = await startMissing(target, slot, release).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown),
  );
  const restarts = row.restarts + 1;
  core.store.under(lease).write((tx) => {
    setSlot(tx, target.key, slot, {
      restarts,
      nextRestartAt: problem === undefined ? null : tx.now + backoff(target, restarts),
    });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: problem === undefined ? 'restarted' : 'restart-failed',
      sentence:
        problem === undefined
          ? `${which} run${ended.length === 1 ? 's' : ''} in ${slot} again (restart ${restarts})`
          : `${which} could not be restarted in ${slot}: ${problem}`,
      detail: { slot, role: row.role, restarts },
    });
  });
}
