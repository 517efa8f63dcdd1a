// The driver for containers of Docker hosts. Each verb works under the slot's lock, so that two engines, or an engine and a
// command line, never change one slot at once; reading the state needs no lock.

import { mkdirSync } from 'node:fs';
import type { Endpoint, SlotKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Addresses, Environment, InstancePlace, ReleaseFiles, RunningSlot, SlotPlace } from '../environment.ts';
import { instancePlaces, instancesOf, portsOf, startsAtOnce } from '../instances.ts';
import { folderMark } from '../launch-mark.ts';
import { localPorts } from '../local-ports.ts';
import { withSlotLock } from '../slot-lock.ts';
import { adoptSlot } from './adopt.ts';
import { createDockerClient, type DockerClient } from './client.ts';
import { claimSlot } from './fence.ts';
import { ensureImage, findImage } from './images.ts';
import { sweepHosts } from './leftovers.ts';
import { ownCheckOf } from './own-check.ts';
import { imageOf } from './prepare.ts';
import { pruneImages } from './prune-images.ts';
import { notePulled } from './pulled-images.ts';
import { judgeBy, liveRecord, runningInstances, startedAs } from './record.ts';
import { clientNamed, type Room } from './room.ts';
import type { DockerHost, DockerSettings } from './settings.ts';
import { inspectSlot, logsOf, preflightSlot, quoteSlot, startSlot, stopSlot } from './slots.ts';
import { hostOfInstance } from './spread.ts';

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
    ownChecks: (place) => Promise.all(instancePlaces(place).map((each) => ownCheckOf(room, each))),
    running: () => runningInstances(room),
    judgeBy: (slot, health) => locked({ ...slot, port: 0 }, 0, async () => judgeBy(room, slot, health)),
    adoption: { adopt: (place, known) => claimed(place, 0, () => adoptSlot(room, place, known)) },
    images: {
      ensure: (place, release) => ensureImages(room, place, release),
      prune: (pruning) => pruneImages(room, pruning),
    },
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
    const client = clients.get(key) ?? createDockerClient(host, clock);
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

async function ensureImages(room: Room, place: SlotKey, release: NamedFiles): Promise<void> {
  const docker = room.settingsOf(place);
  const { ofImage, image } = imageOf(docker, release);
  if (image === undefined) return;
  await Promise.all(
    docker.hosts.map(async ({ name: host }) => {
      const client = room.clientOf(place, host);
      if (ofImage && !(await findImage(client, image.reference)))
        notePulled(room, place, {
          name: ofImage.name,
          digest: ofImage.digest,
          reference: image.reference,
          version: release.version,
          host,
          pulledAt: room.clock.now(),
          removing: false,
        });
      await ensureImage(client, image, docker);
    }),
  );
}

type NamedFiles = Pick<ReleaseFiles, 'folder' | 'version'>;

/** A slot keeps its port on every host, and is reached at the address of the host that it runs on. */
function addressesOf(room: Room): Addresses {
  return {
    ...localPorts((slot) => startedAs(room, slot)),
    endpoints: (place) =>
      instancePlaces(place).map((each) => ({ host: endpointHostOf(room, each), port: each.port })) as [
        Endpoint,
        ...Endpoint[],
      ],
  };
}

/** Of the host on which it was started; where nothing was started on this port, of the one on which it would be. */
function endpointHostOf(room: Room, place: InstancePlace): string {
  const docker = room.settingsOf(place);
  const record = liveRecord(room, place);
  const { host: name, endpointHost } = record?.port === place.port ? record.container : {};
  const host = docker.hosts.find((each) => each.name === name) ?? hostOfInstance(docker, place.instance ?? 1);
  return endpointHost ?? (host ?? docker.hosts[0]).endpointHost;
}

function clientsOf(room: Room, places: readonly SlotPlace[]): readonly DockerClient[] {
  return [
    ...new Set(places.flatMap((place) => room.settingsOf(place).hosts.map(({ name }) => room.clientOf(place, name)))),
  ];
}
