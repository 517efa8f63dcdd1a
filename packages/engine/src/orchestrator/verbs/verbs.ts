// The verbs bound to one core: what every app is handed. Each does its own small thing elsewhere; this is the table.

import type { CalendarVerbs } from '../../api/calendar.ts';
import type { DeploymentView } from '../../api/deployment.ts';
import type { Engine } from '../../api/engine.ts';
import type { WaitingVerbs } from '../../api/waiting.ts';
import { ok, type Result } from '../../domain/refusal.ts';
import type { SlotName, TargetKey } from '../../domain/target.ts';
import { readContract } from '../../state/contracts.ts';
import { type DeploymentRow, readDeployment, recentDeployments } from '../../state/deployments.ts';
import { createInbox } from '../../state/inbox.ts';
import { createOutbox } from '../../state/outbox.ts';
import { firstTime, readCursor, writeCursor } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readQuarantine, readRelease, readSlot, setSlot } from '../../state/targets.ts';
import { countUnauthenticatedRequests } from '../../state/unauthenticated.ts';
import { archiveWarnings } from '../archive/maintain.ts';
import { calendarOf, calendarWarnings } from '../calendar/calendar-view.ts';
import { drive, withLease } from '../controller/controller.ts';
import { liveController } from '../controller/live-controller.ts';
import { announcedFor, pendingNow } from '../controller/pending-changes.ts';
import { brokenWarnings } from '../controller/sweep-audit.ts';
import { type Core, placeOf, type Target } from '../core.ts';
import { askForDrill } from '../drill/ask.ts';
import { activeSide, findTarget, knownVersions, laidAt } from '../gates/facts.ts';
import { takeCall } from '../monitoring/take-call.ts';
import { stopEveryRole } from '../process-roles/places.ts';
import { cancelWaiting, putFirst } from '../queue/change-waiting.ts';
import { requestDeployment } from '../queue/request.ts';
import { waitingFor } from '../queue/waiting-view.ts';
import { viewContract } from '../schema/contract-view.ts';
import { compareSides } from '../views/compare-sides.ts';
import { viewDeployment } from '../views/deployment-view.ts';
import { viewTarget } from '../views/target-view.ts';
import { timelinesOf } from '../views/timeline/read-timeline.ts';
import { adopt } from './adopt.ts';
import { applyConfiguration, leaveConfiguration } from './apply-configuration.ts';
import { approve, extend, reject } from './approvals.ts';
import { archiveAudit } from './archive-audit.ts';
import { auditOf, shippingWarnings } from './audit-log.ts';
import { continueFrozen } from './continue-frozen.ts';
import { contract } from './contract.ts';
import { databaseActivity } from './database-activity.ts';
import { approveContract, rejectContract } from './decide-contract.ts';
import { deploy, planOnly } from './deploy.ts';
import { rollback } from './go-back.ts';
import { keepFailed, lock, restoreFailed, settleStandby, unlock } from './keep.ts';
import { lookNow } from './look-now.ts';
import { migrationsPlan, migrationsStatus, runMigrations } from './migrations.ts';
import { pauseBackfill, resumeBackfill } from './pause-backfill.ts';
import { quickLook } from './quick-look.ts';
import { rebuildState } from './rebuild.ts';
import { recordRefusal } from './refused.ts';
import { adoptRouting, restoreRouting } from './repairing.ts';
import { replay } from './replay.ts';
import { routingConfiguration } from './routing-configuration.ts';
import { createSlotVerbs } from './slots.ts';
import { abort, pause, promote, resume } from './steer.ts';
import { createStoredReleases } from './stored-releases.ts';
import { suspend, unsuspend } from './suspend.ts';
import { switchSides } from './switch-sides.ts';
import { tryMigrations } from './try-migrations.ts';

const slotNames: readonly SlotName[] = ['blue', 'green'];

export function createVerbs(core: Core, holder: string): Omit<Engine, 'notify' | 'builds' | 'metrics' | 'reports'> {
  const { store, settings, changeSignal } = core;
  const shown = (answer: Result<DeploymentRow>): Result<DeploymentView> =>
    answer.ok ? ok(viewDeployment(core, answer.value)) : answer;
  const seen = (answer: Result<Target>) => (answer.ok ? ok(viewTarget(core, answer.value)) : answer);
  return {
    settings,
    outbox: createOutbox(store),
    inbox: createInbox(store),
    deploy: (request) => shown(deploy(core, request)),
    plan: (request) => planOnly(core, request),
    approve: (ref, actor, options) => shown(approve(core, ref, actor, options)),
    reject: (ref, actor, reason) => shown(reject(core, ref, actor, reason)),
    promote: (ref, actor, options) => shown(promote(core, ref, actor, options?.full ?? false)),
    pause: (ref, actor) => shown(pause(core, ref, actor)),
    resume: (ref, actor) => shown(resume(core, ref, actor)),
    abort: (ref, actor, reason) => shown(abort(core, ref, actor, reason)),
    continueFrozen: (ref, actor, reason) => shown(continueFrozen(core, ref, actor, reason)),
    extend: (ref, actor) => shown(extend(core, ref, actor)),
    ...planned(core),
    switch: (request) => shown(switchSides(core, request)),
    rollback: (request) => shown(rollback(core, request)),
    lock: (request) => seen(lock(core, request)),
    unlock: (request) => seen(unlock(core, request)),
    suspend: (request) => seen(suspend(core, request)),
    unsuspend: (request) => seen(unsuspend(core, request)),
    restoreFailed: (request) => seen(restoreFailed(core, request)),
    keepFailed: (request) => seen(keepFailed(core, request)),
    settleStandby: (request) => seen(settleStandby(core, request)),
    restoreRouting: async (request) => seen(await restoreRouting(core, request)),
    adoptRouting: async (request) => seen(await adoptRouting(core, request)),
    routingConfiguration: (ref, test) => routingConfiguration(core, ref, test),
    applyConfiguration: async (request) => seen(await applyConfiguration(core, request)),
    leaveConfiguration: (request) => seen(leaveConfiguration(core, request)),
    pendingConfiguration: (ref) => {
      const found = findTarget(core, ref);
      return found.ok ? announcedFor(core, found.value) : undefined;
    },
    replay: (id, actor) => replay(core, id, actor),
    rebuildState: (actor) => rebuildState(core, actor),
    adopt: async (request) => seen(await adopt(core, request)),
    migrations: migrationsOf(core),
    storedReleases: createStoredReleases(core),
    ...looks(core),
    slots: createSlotVerbs(core),
    audit: auditOf(core),
    cursor: (consumer) => readCursor(store.db, consumer),
    moveCursor: (consumer, seq) => store.note((db) => writeCursor(db, consumer, seq)),
    firstTime: (key, ttlMs) => store.note((db, now) => firstTime(db, key, now, ttlMs)),
    countUnauthenticated: (entryPoint, { source = '', count = 1 } = {}) =>
      store.note((db, now) => countUnauthenticatedRequests(db, { entryPoint, source, count }, now)),
    recordRejection: (actor, refusal, ref) => {
      const found = ref ? findTarget(core, ref) : undefined;
      recordRefusal(core, { actor, verb: 'at the door', refusal, key: found?.ok ? found.value.key : undefined });
    },
    lookNow: (signal) => lookNow(core, signal),
    whenWritable: store.whenWritable,
    changed: (limitMs, signal) => changeSignal.changed(limitMs, signal),
    drive: (signal) => drive(core, holder, signal),
    withLease: (name, signal, work) => withLease(core, { name, holder }, signal, (_, stop) => work(stop)),
    controllerAlive: () => liveController(core) !== undefined,
    teardown: () => teardown(core),
    close: () => store.db.$client.close(),
  };
}

const planned = (
  core: Core,
): WaitingVerbs & CalendarVerbs & Pick<Engine, 'monitoring' | 'drill' | 'quickLook' | 'archiveAudit'> => ({
  quickLook: (ref, actor, look) => {
    const said = quickLook(core, ref, actor, look);
    return said.ok ? ok(viewDeployment(core, said.value)) : said;
  },
  archiveAudit: (request) => archiveAudit(core, request),
  monitoring: { take: (call) => takeCall(core, call) },
  drill: (request) => {
    const asked = askForDrill(core, request);
    return asked.ok ? ok(viewTarget(core, asked.value)) : asked;
  },
  request: (request) => requestDeployment(core, request),
  cancelWaiting: (id, actor, reason) => cancelWaiting(core, id, actor, reason),
  putFirst: (id, actor, reason) => putFirst(core, id, actor, reason),
  waiting: (ref) => waitingFor(core, ref),
  calendar: (request) => calendarOf(core, request),
});

function migrationsOf(core: Core): Engine['migrations'] {
  return {
    plan: (ref) => migrationsPlan(core, ref),
    status: (ref) => migrationsStatus(core, ref),
    run: (request) => runMigrations(core, request),
    tryOn: (request) => tryMigrations(core, request),
    activity: (ref) => databaseActivity(core, ref),
    pause: (request) => pauseBackfill(core, request),
    resume: (request) => resumeBackfill(core, request),
    contract: (request) => contract(core, request),
    approveContract: (id, actor) => approveContract(core, id, actor),
    rejectContract: (id, actor, reason) => rejectContract(core, id, actor, reason),
    contractNamed: (id) => {
      const row = readContract(core.store.db, id);
      return row && viewContract(core, row);
    },
  };
}

async function teardown({ targets, store }: Core): Promise<void> {
  store.write((tx) => {
    for (const { key } of targets) for (const slot of slotNames) expectRestart(tx, key, slot);
    tx.audit({ actor: 'engine', action: 'dismantled', sentence: 'stops every side and balancer of this state' });
  });
  await Promise.all(
    targets.map(async (target) => {
      await target.balancer.shutdown();
      await Promise.all([
        ...slotNames.map((slot) => target.environment.stop(placeOf(target, slot), target.settings.graceMs)),
        ...slotNames.flatMap((slot) => stopEveryRole(target, slot)),
      ]);
    }),
  );
}

/** The next controller starts what was stopped on purpose; that is no crash to report. */
function expectRestart(tx: Tx, key: TargetKey, slot: SlotName): void {
  const { role, label } = readSlot(tx.db, key, slot);
  if (label === null && (role === 'active' || role === 'standby')) setSlot(tx, key, slot, { nextRestartAt: tx.now });
}

function looks(
  core: Core,
): Pick<Engine, 'status' | 'target' | 'deployment' | 'history' | 'releases' | 'timelines' | 'compareSides'> {
  const { db } = core.store;
  return {
    timelines: timelinesOf(core),
    compareSides: (ref) => compareSides(core, ref),
    status: () => ({
      at: core.clock.now(),
      driver: liveController(core),
      targets: core.targets.map((target) => viewTarget(core, target)),
      warnings: [
        ...core.settings.warnings,
        ...pendingNow(core).map(({ sentence }) => sentence),
        ...shippingWarnings(core),
        ...brokenWarnings(core),
        ...archiveWarnings(core),
        ...calendarWarnings(core),
      ],
    }),
    target: (ref) => {
      const found = findTarget(core, ref);
      return found.ok ? ok(viewTarget(core, found.value)) : found;
    },
    deployment: (id) => {
      const row = readDeployment(db, id);
      return row && viewDeployment(core, row);
    },
    history: (ref, limit) => {
      const found = findTarget(core, ref);
      return found.ok
        ? ok(recentDeployments(db, found.value.key, Math.min(limit, 200)).map((row) => viewDeployment(core, row)))
        : found;
    },
    releases: (ref) => {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const active = activeSide(core, found.value);
      return ok(
        knownVersions(found.value).map((version) => {
          const digest = readRelease(db, found.value.key.service, version)?.digest;
          return {
            version,
            registered: digest !== undefined,
            active: active?.version === version,
            quarantined: digest === undefined ? undefined : readQuarantine(db, digest)?.reason,
            at: laidAt(found.value, version),
          };
        }),
      );
    },
  };
}
