// How the engine recognises its processes after the engine that started them is gone: by a mark in their environment,
// which children inherit. The mark names the state folder: so two engines on one machine never mix their processes.

import { launchVariable } from '../launch-mark.ts';
import { allProcesses, environmentOf, isAlive, type ProcessIdentity, type ProcessStat } from '../proc-fs.ts';

export interface MarkedProcess extends ProcessStat {
  readonly launch: string;
}

/** Every living process that carries a launch of this state folder; itself never. */
export function markedProcesses(mark: string): readonly MarkedProcess[] {
  return living().flatMap((stat) => {
    const launch = environmentOf(stat.pid)?.get(launchVariable);
    return launch?.startsWith(`${mark}.`) ? [{ ...stat, launch }] : [];
  });
}

/** The data for finding a slot's processes again. */
export interface Owner {
  /** Undefined for a process that was adopted: the engine did not start it. */
  readonly launch: string | undefined;
  readonly process: ProcessIdentity | undefined;
}

export interface Members {
  /** The process group that is provably ours, to be signalled as one. */
  readonly group: number | undefined;
  /** Ours, but not in that group. */
  readonly others: readonly number[];
  /** All of them. */
  readonly processes: readonly ProcessStat[];
}

/**
 * The living processes of a launch. A group counts as ours when its first process is the very one that was recorded, or
 * when one of its members carries the launch: a pid by itself proves nothing.
 */
export function membersOf({ launch, process: leader }: Owner): Members {
  const machine = living();
  const leaderLives = leader !== undefined && isAlive(leader);
  if (launch === undefined) return asOthers(leaderLives ? familyOf(leader.pid, machine) : []);
  const carriers = machine.filter(({ pid }) => environmentOf(pid)?.get(launchVariable) === launch);
  const group = leader?.pid ?? leaderAmong(carriers)?.pid;
  const groupIsOurs = group !== undefined && (leaderLives || carriers.some((carrier) => carrier.group === group));
  if (!groupIsOurs) return asOthers(carriers);
  const inGroup = machine.filter((stat) => stat.group === group);
  const outside = carriers.filter((carrier) => carrier.group !== group);
  const others = outside.map(({ pid }) => pid);
  return { group: inGroup.length > 0 ? group : undefined, others, processes: [...inGroup, ...outside] };
}

function asOthers(processes: readonly ProcessStat[]): Members {
  return { group: undefined, others: processes.map(({ pid }) => pid), processes };
}

/** The process that was started first of those that lead a group: the one the engine spawned. */
export function leaderAmong<Stat extends ProcessStat>(carriers: readonly Stat[]): Stat | undefined {
  const pids = new Set(carriers.map(({ pid }) => pid));
  return carriers
    .filter(({ pid, group, parent }) => pid === group && !pids.has(parent))
    .toSorted((one, other) => one.startTicks - other.startTicks)[0];
}

/** The processes whose use of the machine is the slot's: the leader's group, or the family of an adopted process. */
export function processesToMeasure({ launch, process: leader }: Owner): readonly ProcessStat[] {
  if (leader === undefined) return [];
  const processes = living();
  return launch === undefined ? familyOf(leader.pid, processes) : processes.filter(({ group }) => group === leader.pid);
}

/** A process and its descendants. An adopted process may share its group with others, so groups prove nothing. */
function familyOf(ancestor: number, processes: readonly ProcessStat[]): readonly ProcessStat[] {
  const family = new Set([ancestor]);
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid }) => family.has(pid));
}

function living(): readonly ProcessStat[] {
  return allProcesses().filter(({ pid, zombie }) => !zombie && pid !== process.pid);
}
