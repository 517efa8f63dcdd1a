// The driver for containers of Docker hosts. Each verb works under the slot's lock, so that two engines, or an engine and a
// command line, never change one slot at once; reading the state needs no lock.

import { mkdirSync } from 'node:fs';
import type { SlotKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Addresses, Environment, ReleaseFiles, RunningSlot, SlotPlace } from '../environment.ts';
import { instancesOf, portsOf, startsAtOnce } from '../instances.ts';
import { folderMark } from '../launch-mark.ts';
import { localPorts } from '../local-ports.ts';
import { withSlotLock } from '../slot-lock.ts';
import { adoptSlot } from './adopt.ts';
import { createDockerClient, type DockerClient } from './client.ts';
import { claimSlot } from './fence.ts';
import { ensureImage } from './images.ts';
import { sweepHosts } from './leftovers.ts';
import { imageOf } from './prepare.ts';
import { judgeBy, runningInstances, startedAs } from './record.ts';
import { clientNamed, type Room } from './room.ts';
import type { DockerHost, DockerSettings } from './settings.ts';
import { inspectSlot, logsOf, preflightSlot, quoteSlot, startSlot, stopSlot } from './slots.ts';

export interface DockerEnvironmentOptions {
  /** Absolute. Holds slot records and logs; made when missing. */
  readonly stateFolder: string;
  readonly settingsOf: (service: string, target: string) => DockerSettings;
  readonly clock: Clock;
  readonly log: Log;
}

/** In addition to the time that the lock's holder may need for stopping and settling. */
const lockPatienceMs = 60_000;

export const createDockerEnvironment = (options: DockerEnvironmentOptions): Environment =>
  environmentIn(openRoom(options));

function environmentIn(room: Room): Environment {
  const locked = <Result>(place: SlotPlace, workMs: number, act: () => Promise<Result>): Promise<Result> =>
    withSlotLock({ place, mark: room.mark, waitMs: workMs + lockPatienceMs, clock: room.clock }, act);
  /** What a later lease than ours has worked on is not changed. */
  const claimed = <Result>(place: SlotPlace, workMs: number, act: () => Promise<Result>): Promise<Result> =>
    locked(place, workMs, () => {
      claimSlot(room, place);
      return act();
    });
  return {
    actedBy: (acting) => environmentIn({ ...room, acting }),
    addresses: addressesOf(room),
    describe,
    start: async (place, release, settings) => {
      const start = { place, release, settings };
      // All that can refuse, and a pull, which may take minutes, before the lock is taken.
      preflightSlot(room, start);
      await ensureImages(room, place, release);
      return claimed(place, (settings.graceMs + settings.settleMs) * turnsOf(place), () => startSlot(room, start));
    },
    preflight: (place, release, settings) => preflightSlot(room, { place, release, settings }),
    stop: (place, graceMs) => claimed(place, graceMs, () => stopSlot(room, place, graceMs)),
    inspect: (place) => inspectSlot(room, place),
    startedAs: (slot) => startedAs(room, slot),
    running: () => runningInstances(room),
    judgeBy: (slot, health) => locked({ ...slot, port: 0 }, 0, async () => judgeBy(room, slot, health)),
    adoption: { adopt: (place, known) => claimed(place, 0, () => adoptSlot(room, place, known)) },
    images: { ensure: (place, release) => ensureImages(room, place, release) },
    sweep: (places) => sweepHosts(room, places, clientsOf(room, places)),
    logs: (place) => logsOf(room, place),
    quoteLog: (place, lines) => quoteSlot(room, place, lines),
  };
}

const turnsOf = (place: SlotPlace): number => Math.ceil(portsOf(place).length / startsAtOnce);

function describe(seen: RunningSlot): string {
  const names = instancesOf(seen).flatMap((each) => (each.kind === 'running' ? [each.id ?? `pid ${each.pid}`] : []));
  return `${names.length === 1 ? 'container' : 'containers'} ${names.join(', ')}`;
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
  return {
    ...localPorts((slot) => startedAs(room, slot)),
    endpoints: (place) => {
      const [{ endpointHost: host }] = room.settingsOf(place).hosts;
      const [first, ...others] = portsOf(place).map((port) => ({ host, port }));
      return [first ?? { host, port: place.port }, ...others];
    },
  };
}

function clientsOf(room: Room, places: readonly SlotPlace[]): readonly DockerClient[] {
  return [
    ...new Set(places.flatMap((place) => room.settingsOf(place).hosts.map(({ name }) => room.clientOf(place, name)))),
  ];
}
