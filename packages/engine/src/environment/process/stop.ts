// Ends the processes of one instance: with SIGTERM first, then with SIGKILL. Done only when the machine shows that none is left.

import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import { type ProcessStat, processStat } from '../proc-fs.ts';
import { clearConfig } from './config-folder.ts';
import { exitNotSeen } from './exit.ts';
import { helperFor, type SlotHelper } from './helper.ts';
import { exitOf } from './inspect.ts';
import { type Members, membersOf, type Owner } from './launch.ts';
import { drained } from './log-pipe.ts';
import { type LiveRecord, readRecord, writeRecord } from './record.ts';
import { logFileOf, placeFields, type Room, recordPlace } from './room.ts';
import { clearScope } from './scope.ts';

const pollMs = 25;
/** Each check runs a command. */
const helpedPollMs = 200;
const killLimitMs = 5_000;

type Signal = 'SIGTERM' | 'SIGKILL';

export type Ending = 'was gone' | 'SIGTERM' | 'SIGKILL';

/** Under the slot's lock. @throws BlueGreenError `stop-failed`, naming what is left. */
export async function stopInstance(room: Room, place: InstancePlace, graceMs: number): Promise<void> {
  const where = recordPlace(room, place);
  const record = readRecord(where, room.log);
  if (!record || record.state === 'stopped') return;
  room.log.info({ ...placeFields(place), version: record.version }, 'stopping');
  const ending = await endAll(ownerOf(record), { graceMs, clock: room.clock, helper: helperFor(room, place) });
  await clearScope(room, place);
  if (ending === undefined)
    throw new BlueGreenError(
      'stop-failed',
      `${describePlace(place)} still runs: ${describeMembers(membersOf(ownerOf(record)))}`,
    );
  // Also for a process that died by itself: an emptied slot holds no port.
  const lastExit =
    ending === 'was gone' ? (exitOf(room, place, record) ?? exitNotSeen) : describeEnding(ending, graceMs);
  writeRecord(where, { state: 'stopped', lastExit, envFiles: record.envFiles });
  clearConfig(where);
  await drained(logFileOf(room, place), room.clock);
  room.log.info({ ...placeFields(place), version: record.version, ending }, 'stopped');
}

export interface Patience {
  readonly graceMs: number;
  readonly clock: Clock;
  /** Of a slot whose processes are another account's, where this process is not root. */
  readonly helper?: SlotHelper | undefined;
}

/** SIGTERM, `graceMs`, SIGKILL. Undefined when something is left even so. */
export async function endAll(owner: Owner, { graceMs, clock, helper }: Patience): Promise<Ending | undefined> {
  const look = watch(owner, helper);
  const members = await look();
  if (isEmpty(members)) return 'was gone';
  await signalAll(members, 'SIGTERM', helper);
  if (await waitUntilGone(look, { limitMs: graceMs, clock, helper })) return 'SIGTERM';
  const killed = await waitUntilGone(look, { limitMs: killLimitMs, clock, helper, again: 'SIGKILL' });
  return killed ? 'SIGKILL' : undefined;
}

type Seen = Pick<Members, 'group' | 'others'>;
type Look = () => Promise<Seen>;

/**
 * Remembers the processes that it saw. A process that is ending loses its environment before it closes its sockets: by
 * its mark only, it would look gone while it still holds the port.
 */
function watch(owner: Owner, helper: SlotHelper | undefined): Look {
  const seen = new Map<number, ProcessStat>();
  return async () => {
    const { group, others, processes } = membersOf(owner);
    const now = new Set(processes.map(({ pid }) => pid));
    const unmarked = [...seen.values()].filter((stat) => !now.has(stat.pid) && stillThere(stat)).map(({ pid }) => pid);
    for (const stat of processes) seen.set(stat.pid, stat);
    const helped = (await helper?.members())?.filter((pid) => processStat(pid)?.zombie === false) ?? [];
    return { group, others: [...new Set([...others, ...unmarked, ...helped])] };
  };
}

function stillThere({ pid, startTicks }: ProcessStat): boolean {
  const now = processStat(pid);
  return now !== undefined && !now.zombie && now.startTicks === startTicks;
}

function ownerOf(record: LiveRecord): Owner {
  return { launch: record.launch, process: record.state === 'running' ? record.process : undefined };
}

interface Wait {
  readonly limitMs: number;
  readonly clock: Clock;
  readonly helper: SlotHelper | undefined;
  /** Sent at each check: a killed process may have started children in the meantime. */
  readonly again?: Signal;
}

async function waitUntilGone(look: Look, { limitMs, clock, helper, again }: Wait): Promise<boolean> {
  const until = clock.monotonic() + limitMs;
  for (;;) {
    const members = await look();
    if (isEmpty(members)) return true;
    if (clock.monotonic() >= until) return false;
    if (again) await signalAll(members, again, helper);
    await clock.sleep(Math.min(helper ? helpedPollMs : pollMs, limitMs));
  }
}

async function signalAll({ group, others }: Seen, signal: Signal, helper: SlotHelper | undefined): Promise<void> {
  if (helper) return helper.signal(signal);
  if (group !== undefined && group > 1) send(-group, signal);
  for (const pid of others) send(pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or not ours to signal: the next check shows which.
  }
}

function isEmpty({ group, others }: Seen): boolean {
  return group === undefined && others.length === 0;
}

function describeMembers({ group, others }: Members): string {
  const names = [...(group === undefined ? [] : [`process group ${group}`]), ...others.map((pid) => `pid ${pid}`)];
  return names.length === 0 ? 'processes that came and went' : names.join(', ');
}

function describeEnding(ending: Exclude<Ending, 'was gone'>, graceMs: number): string {
  return ending === 'SIGTERM'
    ? 'stopped (SIGTERM)'
    : `killed (SIGKILL) because it had not ended ${graceMs} ms after SIGTERM`;
}
