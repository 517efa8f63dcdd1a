// One check of one slot: is its process alive, does it answer well? It records and reports a change, and restarts a
// crash.

import type { SlotObservation } from '../../environment/environment.ts';
import type { HealthReport } from '../../environment/health-report.ts';
import { type HealthState, nextHealth, unknownHealth } from '../../environment/health-state.ts';
import type { SlotHealth } from '../../environment/instance-checks.ts';
import { messageOf } from '../../lib/errors.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { getSnapshot, putSnapshot, slotKey } from '../../state/snapshots.ts';
import { readSlot, type SlotRow, setSlot } from '../../state/targets.ts';
import { healthOf, releaseFiles, slotMutex } from '../core.ts';
import { startAsItIs } from '../plan/release-settings.ts';
import { knownStep } from '../run/steps/named.ts';
import { seenIn } from '../seen-side.ts';
import { probeSide } from '../side-checks.ts';
import { noteCrash } from './guard/memory.ts';
import { lacksInstances, restartInstances } from './instance-restart.ts';
import { backoff, isKnownHere, type Look } from './restarting.ts';
import { putHealth, type SlotSnapshot } from './side-health.ts';

export async function superviseSlot(look: Look): Promise<void> {
  const { core, target, slot } = look;
  const row = readSlot(core.store.db, target.key, slot);
  if (row.role === 'idle') return forgetHealth(look);
  if (isStarting(look, row)) return forgetHealth(look, row.deploymentId);
  const seen = await seenIn(look, slot);
  const report = seen?.kind === 'stopped' ? undefined : await probe(look, row);
  remember(look, row, seen, report);
  if (!seen) return;
  // A change of the number of its instances starts and stops them itself.
  if (target.counts?.scaling(slot)) return;
  if (lacksInstances(seen)) return restartInstances(look, row);
  if (seen.kind === 'running') clearRestarts(look, row, seen.startedAt);
  else if (isOurs(look, row) && (await isKnownHere(look))) await restart(look, row, seen);
}

/** The deployment's own steps judge it until it has been healthy: silence before that is no illness. */
function isStarting({ core, target, slot }: Look, { role, label }: SlotRow): boolean {
  if (role !== 'preview' || label !== null) return false;
  const live = liveDeployment(core.store.db, target.key);
  return live?.slot === slot && knownStep(live.phase)?.isStartingSide === true;
}

function probe({ target, slot, signal }: Pick<Look, 'target' | 'slot' | 'signal'>, row: SlotRow): Promise<SlotHealth> {
  return probeSide(target, { slot, version: row.version ?? undefined, needed: 'enough', signal });
}

function remember(
  { core, target, lease, slot }: Look,
  row: SlotRow,
  seen: SlotObservation | undefined,
  report: SlotHealth | undefined,
): void {
  const key = slotKey(target.key, slot);
  const before = getSnapshot<SlotSnapshot>(core.store.db, key)?.value;
  const previous =
    before && before.deploymentId === row.deploymentId && before.version === row.version ? before.state : unknownHealth;
  const stopped = { healthy: false, answered: false, problem: 'its process has ended' };
  const rule = healthOf(target, slot);
  // A process that is gone needs no three probes to be believed.
  const state: HealthState =
    seen?.kind === 'stopped'
      ? { ...nextHealth(previous, stopped, rule), condition: 'unhealthy' }
      : nextHealth(previous, report ?? stopped, rule);
  putHealth(core, row, { seen, state, proof: report?.proof, instances: report?.instances });
  if (state.condition === previous.condition || row.label !== null) return;
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'health-changed',
      deploymentId: row.deploymentId ?? undefined,
      code: state.condition,
      sentence: `${row.version} in ${slot} (${row.role}) is ${state.condition}${state.condition === 'unhealthy' || state.condition === 'degraded' ? `: ${state.problem ?? 'no reason given'}` : ''}`,
      detail: { slot, role: row.role, version: row.version },
    }),
  );
}

/** A single check, for people who ask while there is no controller: stores the state, and announces nothing. */
export async function lookAtSlot(look: Pick<Look, 'core' | 'target' | 'slot' | 'signal'>): Promise<void> {
  const { core, target, slot } = look;
  const row = readSlot(core.store.db, target.key, slot);
  if (row.role === 'idle') return;
  const seen = await seenIn(look, slot);
  const report: Pick<HealthReport, 'healthy' | 'answered' | 'problem' | 'degraded'> & Partial<SlotHealth> =
    seen?.kind === 'stopped'
      ? { healthy: false, answered: false, problem: 'its process has ended' }
      : await probe(look, row);
  const state = nextHealth(unknownHealth, report, { failures: 1, successes: 1 });
  putHealth(core, row, { seen, state, proof: report.proof, instances: report.instances });
}

/** A side under a running deployment fails or rolls back through that deployment; a labelled one is left as it died. */
function isOurs({ core, target, slot }: Look, row: SlotRow): boolean {
  if (row.label !== null || row.role === 'preview') return false;
  const live = liveDeployment(core.store.db, target.key);
  return live === undefined || live.slot !== slot;
}

async function restart(look: Look, row: SlotRow, seen: Extract<SlotObservation, { kind: 'stopped' }>): Promise<void> {
  const { core, target, slot } = look;
  if (row.nextRestartAt === null) return announceCrash(look, row, seen);
  const waitMs = row.nextRestartAt - core.clock.now();
  // More than the longest wait is left only when the clock was set back since.
  if (waitMs > 0 && waitMs <= target.settings.crash.maxRestartMs) return;
  await core.mutex(slotMutex(target, slot), () => restartInTurn(look, row));
}

async function restartInTurn(look: Look, before: SlotRow): Promise<void> {
  const { core, target, lease, slot } = look;
  const row = readSlot(core.store.db, target.key, slot);
  // A deployment may have taken the slot while this waited.
  if (!isOurs(look, row) || row.version !== before.version || row.nextRestartAt !== before.nextRestartAt) return;
  const release = releaseFiles(core, row.service, row.version ?? '');
  if (!release || !(await isKnownHere(look))) return;
  const problem = await startAsItIs(target, slot, release).then(
    () => undefined,
    (thrown: unknown) => messageOf(thrown),
  );
  core.store.under(lease).write((tx) => {
    const nextRestartAt = problem === undefined ? null : tx.now + backoff(target, row.restarts + 1);
    setSlot(tx, target.key, slot, { restarts: row.restarts + 1, nextRestartAt });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: problem === undefined ? 'restarted' : 'restart-failed',
      sentence:
        problem === undefined
          ? `${row.version} runs in ${slot} again (restart ${row.restarts + 1})`
          : `${row.version} could not be restarted in ${slot}: ${problem}`,
      detail: { slot, role: row.role, restarts: row.restarts + 1 },
    });
  });
}

/** The first restart follows after `firstRestartMs`, audited and reported at once. */
async function announceCrash(
  look: Look,
  row: SlotRow,
  seen: Extract<SlotObservation, { kind: 'stopped' }>,
): Promise<void> {
  const { core, target, lease, slot } = look;
  core.store.under(lease).write((tx) => {
    // A side that crashes once a minute has stayed up in between, and is no better for it.
    const crashes = noteCrash(tx, look, row);
    setSlot(tx, target.key, slot, { nextRestartAt: tx.now + backoff(target, Math.max(row.restarts, crashes - 1)) });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'crashed',
      code: row.role,
      sentence: `${row.version} in ${slot} (${row.role}) crashed${seen.lastExit ? ` (${seen.lastExit})` : ''}; it is restarted`,
      detail: { slot, role: row.role, version: row.version, lastLog: seen.lastLog.slice(-10) },
    });
  });
  // Waiting for the next check would cost users a whole interval.
  await core.clock
    .sleep(Math.min(backoff(target, row.restarts), healthOf(target, slot).intervalMs), look.signal)
    .catch(() => undefined);
  if (!look.signal.aborted) await restart(look, readSlot(core.store.db, target.key, slot), seen);
}

/** Ten intervals of life are a recovery: the next crash begins with the short wait again. */
function clearRestarts({ core, target, lease, slot }: Look, row: SlotRow, startedAt: number): void {
  const ageMs = core.clock.now() - startedAt;
  // One that started in the future did so before the clock was set back.
  if (row.restarts === 0 || (ageMs >= 0 && ageMs < 10 * healthOf(target, slot).intervalMs)) return;
  core.store.under(lease).write((tx) => {
    setSlot(tx, target.key, slot, { restarts: 0, nextRestartAt: null });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'recovered',
      sentence: `${row.version} in ${slot} has been stable for ${Math.floor(ageMs / 1_000)} s`,
      detail: { slot },
    });
  });
}

/** `except`: what was shown under this deployment stays. */
function forgetHealth({ core, target, slot }: Look, except: string | null = null): void {
  const key = slotKey(target.key, slot);
  const before = getSnapshot<SlotSnapshot>(core.store.db, key)?.value;
  if (!before || before.version === null || (except !== null && before.deploymentId === except)) return;
  const empty: SlotSnapshot = {
    deploymentId: null,
    version: null,
    state: unknownHealth,
    proof: undefined,
    pid: undefined,
    cpuPercent: undefined,
    memoryBytes: undefined,
  };
  core.store.note((db, now) => putSnapshot(db, key, empty, now));
}
