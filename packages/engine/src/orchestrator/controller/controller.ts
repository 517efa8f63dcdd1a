// One process at a time drives: it holds the lease, moves every live deployment and supervises every target. When it
// dies, another takes over within a few seconds and begins each step again that was begun.

import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { together } from '../../lib/tasks.ts';
import { liveDeployments } from '../../state/deployments.ts';
import { acquireLease, heartbeatMs, type Lease, leaseMs, releaseLease, renewLease } from '../../state/leases.ts';
import { keepLoopFree, lockedLimitMs, patiently } from '../../state/patience.ts';
import { replacedFile } from '../../state/same-file.ts';
import { readRouting } from '../../state/targets.ts';
import { maintainArchive } from '../archive/maintain.ts';
import { watchCalendar } from '../calendar/watch.ts';
import { type Core, controllerLease, type Target, type TargetContext, underLease } from '../core.ts';
import { maintainDrills } from '../drill/maintain.ts';
import { performDueCalls } from '../monitoring/due.ts';
import { clearUnfinished } from '../plan/ensure-fetched.ts';
import { superviseRoles } from '../process-roles/supervise.ts';
import { beginWaiting } from '../queue/begin-waiting.ts';
import { maintainReleases } from '../releases/maintain.ts';
import { reconnect } from '../routing/reconnect.ts';
import { repairRouting } from '../routing/repair.ts';
import { watchBalancerFiles } from '../routing/watch-balancer-files.ts';
import { runDeployment } from '../run/runner.ts';
import { performScales } from '../scale/perform.ts';
import { maintainSchemas } from '../schema/maintain.ts';
import { maintainState } from './maintain-state.ts';
import { announcePending, recordHealthRules } from './pending-changes.ts';
import { smokeContinuously } from './smoke/run-continuously.ts';
import { supervise } from './supervisor.ts';
import { sweepAudit } from './sweep-audit.ts';

const restMs = 500;
/** Between two attempts at a state that is locked by another process. */
const lockedRetryMs = 200;
const fileLookMs = 250;
/** So long before its end a lease that could not be renewed counts as lost. */
const marginMs = 300;

/** Competes for the lease until `signal` aborts; releases it at the end, so that the next controller need not wait. */
export async function drive(core: Core, holder: string, signal: AbortSignal): Promise<void> {
  await withLease(core, { name: controllerLease, holder }, signal, (lease, stop) =>
    work(underLease(core, lease), lease, stop),
  );
}

interface Candidate {
  readonly name: string;
  readonly holder: string;
}

type Job = (lease: Lease, stop: AbortSignal) => Promise<void>;

/**
 * Runs `job` whenever this process gets the lease, and stops it when the lease is lost.
 * @throws BlueGreenError `state-replaced`: from then on this process may neither decide nor act
 */
export async function withLease(core: Core, who: Candidate, signal: AbortSignal, job: Job): Promise<void> {
  const end = keepLoopFree(core.store.db);
  try {
    while (!signal.aborted) {
      const replaced = replacedFile(core.store.db);
      if (replaced) throw replaced;
      const lease = askFor(core, who);
      if (lease) await hold(core, lease, signal, job);
      await pause(core.clock, lease ? restMs : heartbeatMs, signal);
    }
  } finally {
    end();
  }
}

async function hold(core: Core, lease: Lease, signal: AbortSignal, job: Job): Promise<void> {
  core.log.info({ lease: lease.name, fence: lease.token }, 'holds the lease');
  const lost = new AbortController();
  const stop = AbortSignal.any([signal, lost.signal]);
  const beating = Promise.all([
    heartbeat(core, lease, stop, () => lost.abort()),
    watchFile(core, stop, () => lost.abort()),
  ]);
  try {
    await patiently(core.store.whenWritable, () => job(lease, stop), stop);
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out'))
      core.log.warn({ lease: lease.name, fence: lease.token }, 'fenced out: another process holds the lease');
    else core.log.error({ lease: lease.name, err: thrown }, 'failed while holding the lease');
  } finally {
    lost.abort();
    await beating;
    giveBack(core, lease);
  }
}

/**
 * Undefined while another process holds it, and while the state cannot be written (a slow disk, a process that was
 * stopped in the middle of a write): a controller that gave up then would never take the lease again.
 */
function askFor({ store, settings, clock, log }: Core, who: Pick<Lease, 'name' | 'holder'>): Lease | undefined {
  try {
    return acquireLease(store.db, { ...who, configDigest: settings.digest, clock });
  } catch (thrown) {
    if (!store.db.$client.open) throw thrown;
    log.error({ lease: who.name, problem: messageOf(thrown) }, 'the lease could not be asked for, tries again');
    return undefined;
  }
}

/** One that cannot be given back runs out. */
function giveBack({ store, log }: Core, lease: Lease): void {
  if (!store.db.$client.open) return;
  try {
    releaseLease(store.db, lease);
  } catch (thrown) {
    log.error({ lease: lease.name, problem: messageOf(thrown) }, 'the lease could not be given back, it runs out');
  }
}

/** A state that cannot be written for a moment (full, slow, locked) costs the lease only when its time has passed. */
async function heartbeat(core: Core, lease: Lease, stop: AbortSignal, lost: () => void): Promise<void> {
  const { store, clock, log } = core;
  let renewedAt = clock.monotonic();
  let waitMs = heartbeatMs;
  while (await pause(clock, waitMs, stop)) {
    try {
      if (!renewLease(store.db, lease, clock)) break;
      renewedAt = clock.monotonic();
      waitMs = heartbeatMs;
    } catch (thrown) {
      if (waitMs === heartbeatMs)
        log.error({ lease: lease.name, problem: messageOf(thrown) }, 'the lease could not be renewed, tries again');
      const leftMs = leaseMs - marginMs - (clock.monotonic() - renewedAt);
      if (leftMs <= 0) break;
      waitMs = Math.min(hasCode(thrown, 'state-locked') ? lockedRetryMs : heartbeatMs, leftMs);
    }
  }
  if (stop.aborted) return;
  log.warn({ lease: lease.name, fence: lease.token }, 'lost the lease: nothing more is written');
  lost();
}

/** Checked more often than the lease is renewed: the next controller of the new file does not know of this one. */
async function watchFile({ store, clock, log }: Core, stop: AbortSignal, lost: () => void): Promise<void> {
  while (await pause(clock, fileLookMs, stop)) {
    const replaced = replacedFile(store.db);
    if (replaced === undefined) continue;
    log.error({ problem: replaced.message }, 'stops driving: nothing is started, stopped or routed from here any more');
    return lost();
  }
}

/** Returns only when all have ended: nothing of an earlier lease continues during the next one. */
async function work(core: Core, lease: Lease, stop: AbortSignal): Promise<void> {
  const { whenWritable } = core.store;
  await patiently(whenWritable, () => prepare(core, lease), stop);
  const parts = [
    moveDeployments,
    supervise,
    superviseRoles,
    smokeContinuously,
    maintainDrills,
    watchBalancerFiles,
    maintainSchemas,
    maintainReleases,
    maintainState,
    sweepAudit,
    maintainArchive,
    watchCalendar,
    beginWaiting,
    performDueCalls,
    performScales,
  ];
  const works = parts.map((part) => (end: AbortSignal) => patiently(whenWritable, () => part(core, lease, end), end));
  // A part that has nothing to do here may end at once; the others continue.
  await together(works, stop, 'one-fails');
}

async function prepare(core: Core, lease: Lease): Promise<void> {
  const begin = async (target: Target) => reconnect({ core, target, lease }, await target.balancer.observe());
  await Promise.all(core.targets.map(begin));
  await Promise.all(core.targets.map((target) => discoverFirst({ core, target, lease })));
  await clearUnfinished(core);
  await recordHealthRules(core);
  announcePending(core, lease);
}

/** A deployment on a state that was lost must not begin before it is known what users get. */
async function discoverFirst({ core, target, lease }: TargetContext): Promise<void> {
  const { intent } = readRouting(core.store.db, target.key);
  if (intent.generation > 0) return;
  try {
    await repairRouting({ core, target, lease }, intent, await target.balancer.observe());
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    core.log.error({ target: target.name, problem: messageOf(thrown) }, 'the state could not be learnt, tries again');
  }
}

/** @throws BlueGreenError `fenced-out` when the lease was lost meanwhile */
async function moveDeployments(core: Core, lease: Lease, stop: AbortSignal): Promise<void> {
  const running = new Map<string, Promise<void>>();
  const fenced = new AbortController();
  const until = AbortSignal.any([stop, fenced.signal]);
  while (!until.aborted) {
    for (const { id } of liveDeployments(core.store.db)) {
      if (running.has(id)) continue;
      const run = runDeployment(core, lease, id, until)
        .catch(async (thrown: unknown) => {
          if (hasCode(thrown, 'fenced-out')) return fenced.abort(thrown);
          if (hasCode(thrown, 'state-locked')) {
            core.log.warn({ deployment: id }, 'another process holds the state, the step begins again after it');
            await pause(core.clock, lockedRetryMs, until);
            await core.store.whenWritable(lockedLimitMs, until);
            return;
          }
          core.log.error({ deployment: id, err: thrown }, 'the deployment could not be moved, tries again');
          await pause(core.clock, 2_000, until);
        })
        .finally(() => running.delete(id));
      running.set(id, run);
    }
    await core.changeSignal.changed(1_000, until);
  }
  await Promise.all(running.values());
  fenced.signal.throwIfAborted();
}
