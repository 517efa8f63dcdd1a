// What is so now: who serves, how the way back is, what waits. All are set at each reading, so that nothing outlives its cause.

import type * as Client from 'prom-client';
import type { SlotView, StatusView, TargetView } from '../api/views.ts';
import type { SideCounts } from '../domain/routing.ts';
import { latestHead } from '../state/audit.ts';
import type { Db } from '../state/database.ts';
import { waitingByTransport } from '../state/outbox.ts';
import type { MetricsParts } from './parts.ts';

type Labels = Readonly<Record<string, string>>;
type Set = (labels: Labels, value: number | boolean | undefined) => void;

const readinesses = ['instant', 'slow', 'blocked'] as const;
const healths = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;

/** @returns reads all of them */
export function createGauges(
  client: typeof Client,
  registry: Client.Registry<Client.OpenMetricsContentType>,
  { engine, store }: MetricsParts,
): () => void {
  const gauges: Client.Gauge[] = [];
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Set => {
    const made = new client.Gauge({ name: `bluegreen_${name}`, help, labelNames, registers: [registry] });
    gauges.push(made);
    return (labels, value) => {
      if (value !== undefined) made.set(labels, Number(value));
    };
  };
  const setTarget = targetGauges(gauge);
  const setSlot = slotGauges(gauge);
  const setCanary = canaryGauges(gauge);
  const setProcess = processGauges(gauge);
  return () => {
    for (const each of gauges) each.reset();
    const status = engine.status();
    setProcess(status, engine, store.db);
    for (const target of status.targets) {
      setTarget(target);
      for (const slot of target.slots) setSlot(target, slot);
      setCanary(target);
    }
  };
}

type Define = (name: string, help: string, labelNames?: readonly string[]) => Set;

const ofTarget = ['service', 'target'];
const ofSlot = [...ofTarget, 'slot'];

function targetGauges(gauge: Define): (view: TargetView) => void {
  const users = gauge('users_ratio', 'Share of the users that a side gets, from 0 to 1.', ofSlot);
  const readiness = gauge('rollback_readiness', 'How a rollback would go now: 1 for what is so.', [
    ...ofTarget,
    'readiness',
  ]);
  const inProgress = gauge('deployment_in_progress', 'Whether a deployment is under way.', ofTarget);
  const forPeople = gauge('deployment_waits_for_people', 'Whether it waits for a person.', ofTarget);
  const waiting = gauge('waiting_deployments', 'Deployments that wait for their turn or their time.', [
    ...ofTarget,
    'status',
  ]);
  const locked = gauge('locked', 'Whether a person has locked the target.', ofTarget);
  const suspended = gauge('automation_suspended', 'Whether machines may not deploy.', ofTarget);
  const frozen = gauge('frozen', 'Whether a freeze refuses deployments now.', ofTarget);
  const drift = gauge('balancer_drift', 'Whether the load balancer does not do what was decided.', ofTarget);
  const nodes = gauge('balancer_nodes', 'Nodes of the load balancer, by whether they answered.', [
    ...ofTarget,
    'reachable',
  ]);
  const generation = gauge('routing_generation', 'Generation of the routing.', ofTarget);
  const toContract = gauge('schema_contracts_pending', 'Migrations whose contract has not run yet.', ofTarget);
  return (view) => {
    const labels = labelsOf(view);
    const { active, canary } = view.routing;
    for (const { slot } of view.slots) users({ ...labels, slot }, shareOf(slot, active, canary));
    for (const each of readinesses) readiness({ ...labels, readiness: each }, view.rollback.readiness === each);
    inProgress(labels, view.live !== undefined);
    forPeople(labels, view.live?.waitsFor === 'people');
    for (const status of ['queued', 'scheduled'])
      waiting({ ...labels, status }, (view.waiting ?? []).filter((each) => each.status === status).length);
    locked(labels, view.lock !== undefined);
    suspended(labels, view.suspension !== undefined);
    frozen(labels, view.freeze?.state === 'active');
    drift(labels, view.drift !== undefined);
    for (const reachable of [true, false])
      nodes({ ...labels, reachable: `${reachable}` }, view.nodes.filter((node) => node.reachable === reachable).length);
    generation(labels, view.routing.generation);
    toContract(labels, view.schema?.toContract.length);
  };
}

function slotGauges(gauge: Define): (view: TargetView, slot: SlotView) => void {
  const info = gauge('slot_info', 'What runs in a slot, as labels.', [...ofSlot, 'role', 'version']);
  const health = gauge('slot_health', 'Health of a slot: 1 for what is so.', [...ofSlot, 'health']);
  const restarts = gauge('slot_restarts', 'Restarts of the present release in the slot.', ofSlot);
  const cpu = gauge('slot_cpu_cores', 'Processor cores that it uses.', ofSlot);
  const memory = gauge('slot_memory_bytes', 'Memory that it uses.', ofSlot);
  const open = gauge('slot_open_requests', 'Requests and streams that are open on it.', ofSlot);
  const seen = gauge('slot_seen_timestamp_seconds', 'When its figures were taken, as Unix time.', ofSlot);
  return (view, slot) => {
    const labels = { ...labelsOf(view), slot: slot.slot };
    if (slot.version === undefined) return;
    info({ ...labels, role: slot.role, version: slot.version }, 1);
    for (const each of healths) health({ ...labels, health: each }, slot.health === each);
    restarts(labels, slot.restarts);
    cpu(labels, slot.cpuPercent === undefined ? undefined : slot.cpuPercent / 100);
    memory(labels, slot.memoryBytes);
    open(labels, slot.open);
    seen(labels, slot.seenAt === undefined ? undefined : slot.seenAt / 1000);
  };
}

/** Both sides since the present share was set; nothing while no canary is watched. */
function canaryGauges(gauge: Define): (view: TargetView) => void {
  const ofSide = [...ofTarget, 'side', 'version'];
  const since = 'since the present share of the canary was set.';
  const requests = gauge('canary_requests', `Requests that a side answered ${since}`, ofSide);
  const errors = gauge('canary_errors', `Those of them that failed, ${since}`, ofSide);
  const latency = gauge('canary_latency_seconds', `How long answers took, ${since}`, [...ofSide, 'quantile']);
  return (view) => {
    const { live } = view;
    if (live?.observation === undefined) return;
    const { stable, canary } = live.observation;
    const sides: readonly (readonly [string, string, SideCounts])[] = [
      ['stable', live.from?.version ?? '', stable],
      ['canary', live.version, canary],
    ];
    for (const [side, version, counts] of sides) {
      const labels = { ...labelsOf(view), side, version };
      requests(labels, counts.requests);
      errors(labels, counts.errors);
      if (counts.requests === 0) continue;
      latency({ ...labels, quantile: '0.5' }, counts.p50Ms / 1000);
      latency({ ...labels, quantile: '0.95' }, counts.p95Ms / 1000);
      latency({ ...labels, quantile: '0.99' }, counts.p99Ms / 1000);
    }
  };
}

function processGauges(gauge: Define): (status: StatusView, engine: MetricsParts['engine'], db: Db) => void {
  const controller = gauge('controller', 'The process that drives deployments, as a label.', ['process']);
  const alive = gauge('controller_alive', 'Whether any process drives deployments.');
  const inbox = gauge('inbox_waiting', 'Deliveries that wait to be handled.');
  const outbox = gauge('outbox_waiting', 'Messages that wait to be sent.', ['transport']);
  const head = gauge('audit_head', 'Number of the last row of the audit log.');
  const warnings = gauge('warnings', 'Warnings that `bg status` shows.');
  return (status, engine, db) => {
    controller({ process: status.driver ?? '' }, status.driver === undefined ? undefined : 1);
    alive({}, status.driver !== undefined);
    inbox({}, engine.inbox.waiting());
    for (const { transport, count } of waitingByTransport(db)) outbox({ transport }, count);
    head({}, latestHead(db)?.seq ?? 0);
    warnings({}, status.warnings.length);
  };
}

const labelsOf = ({ service, target }: TargetView): Labels => ({ service, target });

function shareOf(slot: string, active: string | undefined, canary: TargetView['routing']['canary']): number {
  if (canary?.slot === slot) return canary.percent / 100;
  return slot === active ? 1 - (canary?.percent ?? 0) / 100 : 0;
}
