// The driver for containers of Docker hosts. Each verb works under the slot's lock, so that two engines, or an engine and a
// command line, never change one slot at once; reading the state needs no lock.

import { mkdirSync } from 'node:fs';
import type { SlotKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Addresses, Environment, ReleaseFiles, SlotPlace } from '../environment.ts';
import { folderMark, newLaunch } from '../launch-mark.ts';
import { localPorts } from '../local-ports.ts';
import { quoteLines } from '../log-lines.ts';
import { withSlotLock } from '../slot-lock.ts';
import { tailLog } from '../tail.ts';
import { createDockerClient, type DockerClient } from './client.ts';
import { ensureImage } from './images.ts';
import { inspectSlot } from './inspect.ts';
import { sweepHosts } from './leftovers.ts';
import { imageOf, prepare } from './prepare.ts';
import { judgeBy, readRecord, recordedInstances, startedAs } from './record.ts';
import { clientNamed, logFileOf, type Room } from './room.ts';
import type { DockerHost, DockerSettings } from './settings.ts';
import { startSlot } from './start.ts';
import { stopSlot } from './stop.ts';

export interface DockerEnvironmentOptions {
  /** Absolute. Holds slot records and logs; made when missing. */
  readonly stateFolder: string;
  readonly settingsOf: (service: string, target: string) => DockerSettings;
  readonly clock: Clock;
  readonly log: Log;
}

/** In addition to the time that the lock's holder may need for stopping and settling. */
const lockPatienceMs = 60_000;

export function createDockerEnvironment(options: DockerEnvironmentOptions): Environment {
  const room = openRoom(options);
  const locked = <Result>(place: SlotPlace, workMs: number, act: () => Promise<Result>): Promise<Result> =>
    withSlotLock({ place, mark: room.mark, waitMs: workMs + lockPatienceMs, clock: room.clock }, act);
  return {
    addresses: addressesOf(room),
    describe: ({ id, pid }) => (id === undefined ? `pid ${pid}` : `container ${id}`),
    start: async (place, release, settings) => {
      const request = { place, release, settings };
      // All that can refuse, and a pull, which may take minutes, before the lock is taken.
      prepare(room, request, newLaunch(room.mark));
      await ensureImages(room, place, release);
      return locked(place, settings.graceMs + settings.settleMs, () => startSlot(room, request));
    },
    preflight: (place, release, settings) =>
      prepare(room, { place, release, settings }, newLaunch(room.mark)).startedWith,
    stop: (place, graceMs) => locked(place, graceMs, () => stopSlot(room, place, { graceMs })),
    inspect: (place) => inspectSlot(room, place),
    startedAs: (slot) => startedAs(room, slot),
    running: () => recordedInstances(room),
    judgeBy: (slot, health) => locked({ ...slot, port: 0 }, 0, async () => judgeBy(room, slot, health)),
    images: { ensure: (place, release) => ensureImages(room, place, release) },
    sweep: (places) => sweepHosts(room, places, clientsOf(room, places)),
    logs: (place) => {
      const file = logFileOf(room, place);
      return [{ instance: 1, where: file, file, read: (options) => tailLog(file, options) }];
    },
    quoteLog: (place, lines) => {
      const record = readRecord(room, place);
      return record ? quoteLines(logFileOf(room, place), { envFiles: record.envFiles, lines }) : [];
    },
  };
}

function openRoom({ stateFolder, settingsOf, clock, log }: DockerEnvironmentOptions): Room {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const clients = new Map<string, DockerClient>();
  /** One connection for all targets that name the host. */
  const clientFor = (host: DockerHost): DockerClient => {
    const key = JSON.stringify(host);
    const client = clients.get(key) ?? createDockerClient(host);
    clients.set(key, client);
    return client;
  };
  const settings: Room['settingsOf'] = ({ service, target }) => settingsOf(service, target);
  return {
    stateFolder,
    mark: folderMark(stateFolder),
    clock,
    log,
    settingsOf: settings,
    clientOf: (place, name) => clientNamed(settings(place).hosts.map(clientFor), name),
    looks: new Map(),
  };
}

async function ensureImages(room: Room, place: SlotKey, release: Pick<ReleaseFiles, 'folder'>): Promise<void> {
  const docker = room.settingsOf(place);
  const { image } = imageOf(docker, release);
  if (image === undefined) return;
  await Promise.all(docker.hosts.map(({ name }) => ensureImage(room.clientOf(place, name), image, docker)));
}

/** A slot keeps its port on every host, and is reached at the address of the host that it runs on. */
function addressesOf(room: Room): Addresses {
  const ports = localPorts((slot) => startedAs(room, slot));
  return {
    ...ports,
    endpoints: (place) => [{ host: room.settingsOf(place).hosts[0].endpointHost, port: place.port }],
  };
}

function clientsOf(room: Room, places: readonly SlotPlace[]): readonly DockerClient[] {
  return [
    ...new Set(places.flatMap((place) => room.settingsOf(place).hosts.map(({ name }) => room.clientOf(place, name)))),
  ];
}
