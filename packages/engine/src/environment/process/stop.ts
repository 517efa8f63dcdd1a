// Ending a slot's processes: asked first, made to afterwards, and finished only when the machine shows that none is left.

import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type SlotPlace } from '../environment.ts';
import { clearConfig } from './config-folder.ts';
import { exitNotSeen } from './exit.ts';
import { exitOf } from './inspect.ts';
import { type Members, membersOf, type Owner } from './launch.ts';
import { drained } from './log-pipe.ts';
import { type ProcessStat, processStat } from './proc-fs.ts';
import { type LiveRecord, readRecord, writeRecord } from './record.ts';
import { logFileOf, placeFields, type Room, recordPlace } from './room.ts';
import { clearScope } from './scope.ts';

const pollMs = 25;
const killLimitMs = 5_000;

export type Ending = 'was gone' | 'SIGTERM' | 'SIGKILL';

/** Under the slot's lock. @throws BlueGreenError `stop-failed`, naming what is left. */
export async function stopSlot(room: Room, place: SlotPlace, graceMs: number): Promise<void> {
  const where = recordPlace(room, place);
  const record = readRecord(where, room.log);
  if (!record || record.state === 'stopped') return;
  room.log.info({ ...placeFields(place), version: record.version }, 'stopping');
  const ending = await endAll(ownerOf(record), graceMs, room.clock);
  await clearScope(room, place);
  if (ending === undefined)
    throw new BlueGreenError(
      'stop-failed',
      `${describePlace(place)} still runs: ${describeMembers(membersOf(ownerOf(record)))}`,
    );
  // Also one that died by itself: an emptied slot holds no port.
  const lastExit =
    ending === 'was gone' ? (exitOf(room, place, record) ?? exitNotSeen) : describeEnding(ending, graceMs);
  writeRecord(where, { state: 'stopped', lastExit, envFiles: record.envFiles });
  clearConfig(where);
  await drained(logFileOf(room, place), room.clock);
  room.log.info({ ...placeFields(place), version: record.version, ending }, 'stopped');
}

/** SIGTERM, `graceMs`, SIGKILL. Undefined when something is left even so. */
export async function endAll(owner: Owner, graceMs: number, clock: Clock): Promise<Ending | undefined> {
  const look = watch(owner);
  const members = look();
  if (isEmpty(members)) return 'was gone';
  signalAll(members, 'SIGTERM');
  if (await waitUntilGone(look, { limitMs: graceMs, clock })) return 'SIGTERM';
  const killed = await waitUntilGone(look, { limitMs: killLimitMs, clock, again: 'SIGKILL' });
  return killed ? 'SIGKILL' : undefined;
}

type Look = () => Pick<Members, 'group' | 'others'>;

/**
 * Remembers whom it saw. A process that is ending loses its environment before it closes its sockets: by its mark alone it
 * would look gone while it still holds the port.
 */
function watch(owner: Owner): Look {
  const seen = new Map<number, ProcessStat>();
  return () => {
    const { group, others, processes } = membersOf(owner);
    const now = new Set(processes.map(({ pid }) => pid));
    const unmarked = [...seen.values()].filter((stat) => !now.has(stat.pid) && stillThere(stat)).map(({ pid }) => pid);
    for (const stat of processes) seen.set(stat.pid, stat);
    return { group, others: [...others, ...unmarked] };
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
  /** Sent at each look: what is killed may have had children in the meantime. */
  readonly again?: NodeJS.Signals;
}

async function waitUntilGone(look: Look, { limitMs, clock, again }: Wait): Promise<boolean> {
  const until = clock.monotonic() + limitMs;
  for (;;) {
    const members = look();
    if (isEmpty(members)) return true;
    if (clock.monotonic() >= until) return false;
    if (again) signalAll(members, again);
    await clock.sleep(Math.min(pollMs, limitMs));
  }
}

function signalAll({ group, others }: ReturnType<Look>, signal: NodeJS.Signals): void {
  if (group !== undefined && group > 1) send(-group, signal);
  for (const pid of others) send(pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or not ours to signal: the look that follows tells which.
  }
}

function isEmpty({ group, others }: ReturnType<Look>): boolean {
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
