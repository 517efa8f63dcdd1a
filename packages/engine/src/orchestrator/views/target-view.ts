// A target as `/status` shows it: who serves users, what is in the other slot, and whether going back would be instant.

import type { ReleaseNow } from '../../api/releases.ts';
import type { SlotView, TargetView } from '../../api/views.ts';
import type { ObservedNode } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { liveDeployment, recentDeployments } from '../../state/deployments.ts';
import { getSnapshot, nodesKey, slotKey } from '../../state/snapshots.ts';
import { readLock, readRouting, readSlot, type SlotRow } from '../../state/targets.ts';
import { frozenNow } from '../calendar/frozen.ts';
import { localText } from '../calendar/wall-time.ts';
import { upcoming } from '../calendar/watch.ts';
import type { SlotSnapshot } from '../controller/side-health.ts';
import { smokeOf } from '../controller/smoke/side-smoke.ts';
import { type Core, endpointsOf, type Target } from '../core.ts';
import { viewDrill } from '../drill/memory.ts';
import { readSuspension } from '../gates/suspension.ts';
import { readRoles } from '../process-roles/seen.ts';
import { viewQueue } from '../queue/waiting-view.ts';
import { readSlotChange } from '../releases/configuration.ts';
import { readFilesDrift } from '../releases/files.ts';
import { readDrift } from '../routing/drift.ts';
import { readOpen } from '../run/steps/drained.ts';
import { startedCount } from '../scale/change.ts';
import { schemaView } from '../schema/schema-view.ts';
import { viewDeployment } from './deployment-view.ts';
import { readiness } from './readiness.ts';
import { stalenessOf } from './staleness.ts';

export function viewTarget(core: Core, target: Target): TargetView {
  const { db } = core.store;
  const live = liveDeployment(db, target.key);
  const last = recentDeployments(db, target.key, 2).find(({ finishedAt }) => finishedAt !== null);
  const lock = readLock(db, target.key, core.clock.now());
  const liveView = live && viewDeployment(core, live);
  const waiting = viewQueue(core, target);
  const lastView = last && viewDeployment(core, last);
  return {
    ...target.key,
    name: target.name,
    channel: target.settings.channel,
    slots: [viewSlot(core, target, 'blue'), viewSlot(core, target, 'green')],
    ...rolesView(core, target),
    routing: readRouting(db, target.key).intent,
    nodes: getSnapshot<readonly ObservedNode[]>(db, nodesKey(target.key))?.value ?? [],
    drift: readDrift(core, target.key),
    entrypoints: target.balancer.entrypoints,
    lock: lock && { owner: lock.owner, reason: lock.reason, since: lock.since, until: lock.until },
    suspension: readSuspension(db, target.key),
    freeze: freezeView(core, target),
    waiting,
    staleness: stalenessOf(core, target, { live: liveView, waiting }),
    live: liveView,
    last: lastView,
    rollback: readiness(core, target),
    drill: viewDrill(core, target),
    schema: schemaView(core, target),
    actions: live ? [] : (lastView?.actions ?? []),
  };
}

function rolesView({ store }: Core, { key, settings }: Target): Pick<TargetView, 'processRoles'> {
  if (settings.processRoles === undefined) return {};
  const processRoles = readRoles(store.db, key).map(
    ({ digest: _, nextStartAt: _next, crashes: _crashes, isPaged: _paged, failures: _failures, ...view }) => view,
  );
  return { processRoles };
}

function freezeView(core: Core, target: Target): TargetView['freeze'] {
  if (target.settings.freezes === undefined) return undefined;
  const frozen = frozenNow(core, target);
  if (frozen) return { state: 'active', sentence: frozen.sentence };
  const [next] = upcoming(core, target, core.clock.now());
  return next && { state: 'near', sentence: `the freeze ${next.name} begins at ${localText(next.from, next.zone)}` };
}

function viewSlot(core: Core, target: Target, slot: SlotName): SlotView {
  const row = readSlot(core.store.db, target.key, slot);
  const looked = getSnapshot<SlotSnapshot>(core.store.db, slotKey(target.key, slot));
  const seen = looked?.value;
  const current = seen && seen.version === row.version && seen.deploymentId === row.deploymentId ? seen : undefined;
  // A deployment takes a side back without starting it: what ran there before its next check still runs.
  const ran = current ?? (seen?.version === row.version && row.role !== 'preview' ? seen : undefined);
  return {
    slot,
    role: row.role,
    port: endpointsOf(target, slot)[0].port,
    version: row.version ?? undefined,
    since: row.role === 'idle' ? undefined : row.since,
    label: row.label ?? undefined,
    keepUntil: row.keepUntil ?? undefined,
    health: current?.state.condition ?? 'unknown',
    healthProblem:
      current?.state.condition === 'unhealthy' || current?.state.condition === 'degraded'
        ? current.state.problem
        : undefined,
    seenAt: current && looked?.at,
    proof: current?.proof,
    pid: ran?.pid,
    ...viewCount(target, row),
    ...(ran?.instances ? { instances: ran.instances } : {}),
    cpuPercent: ran?.cpuPercent,
    memoryBytes: ran?.memoryBytes,
    smoke: row.role === 'idle' ? undefined : viewSmoke(core, target, row),
    restarts: row.restarts,
    open: row.role === 'idle' ? undefined : readOpen(core, target)?.[slot],
    ...(row.role === 'idle' || row.version === null ? {} : releaseNow(core, target, slot, row.version)),
  };
}

function viewCount(target: Target, { slot, role }: SlotRow): Pick<SlotView, 'count'> {
  const { counts } = target;
  if (!counts || !target.settings.slots[slot].reserved) return {};
  const started = role === 'idle' ? 0 : startedCount(target, slot);
  const scaling = counts.scaling(slot);
  return {
    count: {
      instances: scaling?.admitted ?? (started || counts.wanted(slot)),
      most: counts.most(slot),
      ...(scaling ? { scaling: { from: scaling.from, to: scaling.to, by: scaling.by, since: scaling.since } } : {}),
    },
  };
}

function viewSmoke(core: Core, target: Target, row: SlotRow): SlotView['smoke'] {
  if (target.settings.continuousSmoke === undefined) return undefined;
  const smoke = smokeOf(core, target, row);
  if (!smoke) return undefined;
  const { condition, passed, of, ms, at, problem } = smoke;
  return { condition, passed, of, ms, at, problem };
}

function releaseNow(core: Core, target: Target, slot: SlotName, version: string): ReleaseNow {
  const drift = readFilesDrift(core, target.key.service, version);
  return {
    filesDrift: drift && { files: drift.files, count: drift.count, since: drift.since },
    wouldChange: readSlotChange(core, target, slot, version),
  };
}
