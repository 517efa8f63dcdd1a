// The driver for plain processes of this machine (Linux). Each verb works under the slot's lock, so that two engines,
// or an engine and a command line, never change one slot at once; reading the state needs no lock.

import { mkdirSync, statSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Environment, RunningSlot, SlotPlace } from '../environment.ts';
import { instancesOf, portsOf, startsAtOnce } from '../instances.ts';
import { folderMark } from '../launch-mark.ts';
import { localPorts } from '../local-ports.ts';
import { withSlotLock } from '../slot-lock.ts';
import { clearOrphans } from './orphans.ts';
import { processRolesOn, rolePlacesIn } from './roles.ts';
import type { Room } from './room.ts';
import {
  adoptSlot,
  boundLogs,
  inspectSlot,
  logsOf,
  preflightSlot,
  quoteSlot,
  startSlot,
  stopSlot,
  usageOfSlot,
} from './slots.ts';
import { judgeBy, runningInstances, startedAs } from './started.ts';

export interface ProcessEnvironmentOptions {
  /** Absolute. Holds slot records and logs; made when missing. */
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** In addition to the time that the lock's holder may need for stopping and settling. */
const lockPatienceMs = 30_000;

export function createProcessEnvironment({ stateFolder, clock, log }: ProcessEnvironmentOptions): Environment {
  requireProcFs();
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const room: Room = { stateFolder, mark: folderMark(stateFolder), clock, log, looks: new Map() };
  const locked = <Result>(place: SlotPlace, workMs: number, act: () => Promise<Result>): Promise<Result> =>
    withSlotLock({ place, mark: room.mark, waitMs: workMs + lockPatienceMs, clock }, act);
  return {
    addresses: localPorts((slot) => startedAs(room, slot)),
    describe,
    start: (place, release, settings) =>
      locked(place, (settings.graceMs + settings.settleMs) * turnsOf(place), () =>
        startSlot(room, { place, release, settings }),
      ),
    preflight: (place, release, settings) => preflightSlot(room, { place, release, settings }),
    stop: (place, graceMs) => locked(place, graceMs, () => stopSlot(room, place, graceMs)),
    inspect: (place) => inspectSlot(room, place),
    usage: (place) => usageOfSlot(room, place),
    startedAs: (slot) => startedAs(room, slot),
    running: () => runningInstances(stateFolder),
    judgeBy: (slot, health) => locked({ ...slot, port: 0 }, 0, async () => judgeBy(room, slot, health)),
    processRoles: processRolesOn(room),
    adoption: { adopt: (place, known) => locked(place, 0, () => adoptSlot(room, place, known)) },
    sweep: async (places, maxLogBytes) => {
      for (const place of places.flatMap((each) => [each, ...rolePlacesIn(room, each)]))
        await boundLogs(room, place, maxLogBytes);
      return clearOrphans(room, places);
    },
    logs: (place) => logsOf(room, place),
    quoteLog: (place, lines) => quoteSlot(room, place, lines),
  };
}

const turnsOf = (place: SlotPlace): number => Math.ceil(portsOf(place).length / startsAtOnce);

function describe(seen: RunningSlot): string {
  const pids = instancesOf(seen).flatMap((each) => (each.kind === 'running' ? [each.pid] : []));
  return pids.length === 1 ? `pid ${pids[0]}` : `pids ${pids.join(', ')}`;
}

function requireProcFs(): void {
  if (statSync('/proc/self/stat', { throwIfNoEntry: false })) return;
  throw new BlueGreenError('not-found', 'the process driver needs Linux: there is no /proc on this machine');
}
