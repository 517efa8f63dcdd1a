// The last known health of a side, for every reader.

import type { SlotName } from '../../domain/target.ts';
import { clockTime } from '../../domain/times.ts';
import type { InstanceObservation, SlotObservation } from '../../environment/environment.ts';
import type { HealthReport } from '../../environment/health-report.ts';
import type { HealthState } from '../../environment/health-state.ts';
import type { SlotHealth } from '../../environment/instance-checks.ts';
import { putSnapshot, slotKey } from '../../state/snapshots.ts';
import { readSlot, type SlotRow } from '../../state/targets.ts';
import type { Core, TargetContext } from '../core.ts';

export interface SlotSnapshot {
  /** The health belongs to what this deployment started; another release starts with none. */
  readonly deploymentId: string | null;
  readonly version: string | null;
  readonly state: HealthState;
  readonly proof: HealthReport['proof'] | undefined;
  readonly pid: number | undefined;
  /** Epoch ms of its process. */
  readonly startedAt?: number | undefined;
  /** Undefined: the slot has one instance. */
  readonly instances?: readonly InstanceSnapshot[] | undefined;
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
}

export interface InstanceSnapshot {
  readonly instance: number;
  /** Of the process, where there is one. */
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly healthy: boolean;
  /** Why it is not known whether it runs: its machine does not answer. */
  readonly unknown?: string | undefined;
}

/** Of a side that was healthy for the step that waited for it: the supervisor continues from there. */
export function rememberHealthy(
  { core, target, slot }: Pick<TargetContext, 'core' | 'target'> & { readonly slot: SlotName },
  shown: { readonly seen: SlotObservation | undefined; readonly inARow: number; readonly proof: HealthReport['proof'] },
): void {
  const row = readSlot(core.store.db, target.key, slot);
  const state: HealthState = { condition: 'healthy', failures: 0, successes: shown.inARow };
  putHealth(core, row, { ...shown, state });
}

export function putHealth(
  { store }: Core,
  row: SlotRow,
  {
    seen,
    state,
    proof,
    instances,
  }: Pick<SlotSnapshot, 'state' | 'proof'> & {
    /** Undefined: the environment does not answer. */
    readonly seen: SlotObservation | undefined;
    readonly instances?: SlotHealth['instances'] | undefined;
  },
): void {
  const { pid, startedAt, cpuPercent, memoryBytes } =
    seen?.kind === 'running'
      ? seen
      : { pid: undefined, startedAt: undefined, cpuPercent: undefined, memoryBytes: undefined };
  const { deploymentId, version } = row;
  const each = seen?.instances?.map((one): InstanceSnapshot => snapshotOf(one, instances));
  const all = each ? { instances: each } : {};
  const snapshot: SlotSnapshot = {
    deploymentId,
    version,
    state,
    proof,
    pid,
    startedAt,
    ...all,
    cpuPercent,
    memoryBytes,
  };
  store.note((db, now) => putSnapshot(db, slotKey(row, row.slot), snapshot, now));
}

/** Without a report of each, the side as a whole was healthy. */
function snapshotOf(seen: InstanceObservation, reports: SlotHealth['instances']): InstanceSnapshot {
  const { instance, kind } = seen;
  const healthy = reports?.find((each) => each.instance === instance)?.healthy ?? kind === 'running';
  const known = { instance, pid: kind === 'running' ? seen.pid : undefined, running: kind === 'running', healthy };
  return kind === 'unknown' ? { ...known, unknown: sinceText(seen) } : known;
}

const sinceText = ({ host, since, problem }: InstanceObservation & { readonly kind: 'unknown' }): string =>
  `${host} does not answer since ${clockTime(since)}: ${problem}`;
