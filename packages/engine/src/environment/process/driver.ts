// The driver for plain processes of this machine (Linux). Each verb works under the slot's lock, so that two engines,
// or an engine and a command line, never change one slot at once; reading the state needs no lock.

import { mkdirSync, statSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Environment, SlotPlace } from '../environment.ts';
import { folderMark } from '../launch-mark.ts';
import { localPorts } from '../local-ports.ts';
import { withSlotLock } from '../slot-lock.ts';
import { adoptSlot } from './adopt.ts';
import { inspectSlot } from './inspect.ts';
import { clearOrphans } from './orphans.ts';
import { readRecord } from './record.ts';
import { logFileOf, type Room, recordPlace } from './room.ts';
import { boundLog, quoteLog } from './slot-log.ts';
import { preflight, startSlot } from './start.ts';
import { judgeBy, runningInstances, startedAs } from './started.ts';
import { stopSlot } from './stop.ts';

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
    describe: ({ pid }) => `pid ${pid}`,
    start: (place, release, settings) =>
      locked(place, settings.graceMs + settings.settleMs, () => startSlot(room, { place, release, settings })),
    preflight: (place, release, settings) => preflight(room, { place, release, settings }),
    stop: (place, graceMs) => locked(place, graceMs, () => stopSlot(room, place, graceMs)),
    inspect: (place) => inspectSlot(room, place),
    startedAs: (slot) => startedAs(room, slot),
    running: () => runningInstances(stateFolder),
    judgeBy: (slot, health) => locked({ ...slot, port: 0 }, 0, async () => judgeBy(room, slot, health)),
    adoption: { adopt: (place, known) => locked(place, 0, () => adoptSlot(room, place, known)) },
    sweep: async (places, maxLogBytes) => {
      for (const place of places) await boundLog(room, place, maxLogBytes);
      return clearOrphans(room, places);
    },
    logFile: (place) => logFileOf(room, place),
    quoteLog: (place, lines) => {
      const record = readRecord(recordPlace(room, place), log);
      return record ? quoteLog(room, place, { envFiles: record.envFiles, lines }) : [];
    },
  };
}

function requireProcFs(): void {
  if (statSync('/proc/self/stat', { throwIfNoEntry: false })) return;
  throw new BlueGreenError('not-found', 'the process driver needs Linux: there is no /proc on this machine');
}
