// What killed attempts left: containers that no record knows. Only what bears the label of this state folder is touched,
// and never what may serve users.

import type Docker from 'dockerode';
import type { SlotKey } from '../../domain/target.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import type { InstanceKey, SlotPlace } from '../environment.ts';
import type { Orphan } from '../orphan.ts';
import { withSlotLock } from '../slot-lock.ts';
import type { DockerClient } from './client.ts';
import { labels, ownFilter } from './container.ts';
import { isLater } from './fence.ts';
import { liveRecords, readRecord } from './record.ts';
import { placeFields, type Room } from './room.ts';
import { removeContainer } from './stop.ts';

const listMs = 30_000;

/** Under the slot's lock: what a killed start left in it. What its records name stays, and what runs without any record. */
export async function clearSlot(room: Room, place: SlotKey, client: DockerClient): Promise<readonly Orphan[]> {
  const found = await containersOf(room, client, place);
  // Containers first, records second: a record is written before its container is started.
  const owned = launchesOf(room, place);
  const cleared: Orphan[] = [];
  for (const { Id, State, Labels, Names } of found) {
    if (owned.has(Labels[labels.launch]) || isLater(room.acting?.fence, Labels)) continue;
    const what = `container ${Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12)} on ${client.host.name}`;
    if (State === 'running' && !readRecord(room, instanceOf(place, Labels))) {
      room.log.warn(
        { ...placeFields(place), what },
        'a container of ours runs in a slot whose record is gone; it was not touched, adopt it',
      );
      continue;
    }
    await removeContainer(client, Id);
    room.log.warn({ ...placeFields(place), what }, 'removed a container that no slot owns');
    cleared.push({ kind: 'container', what });
  }
  return cleared;
}

/** Of ours, in every state. */
export const containersOf = (room: Room, client: DockerClient, place: SlotKey): Promise<Docker.ContainerInfo[]> =>
  list(client, ownFilter(room.mark, place));

const launchesOf = (room: Room, slot: SlotKey): ReadonlySet<string | undefined> =>
  new Set(liveRecords(room, slot).map(({ launch }) => launch));

function instanceOf({ service, target, slot }: SlotKey, found: Readonly<Record<string, string>>): InstanceKey {
  const instance = Number(found[labels.instance] ?? 1);
  return { service, target, slot, ...(instance === 1 ? {} : { instance }) };
}

/** Of every slot that the labels name. A host that does not answer is reported, and asked again the next time. */
export async function sweepHosts(
  room: Room,
  places: readonly SlotPlace[],
  clients: readonly DockerClient[],
): Promise<readonly Orphan[]> {
  const sweep = (client: DockerClient): Promise<readonly Orphan[]> =>
    sweepHost(room, places, client).catch((thrown: unknown) => {
      const problem = messageOf(thrown);
      room.log.warn({ host: client.host.name, problem }, 'what a Docker host has left was not cleared');
      return [];
    });
  return (await Promise.all(clients.map(sweep))).flat();
}

async function sweepHost(room: Room, places: readonly SlotPlace[], client: DockerClient): Promise<readonly Orphan[]> {
  const found = await list(client, ownFilter(room.mark));
  const launches = new Map(found.map(({ Labels }) => [Labels[labels.launch], slotOf(Labels)]));
  const cleared: Orphan[] = [];
  const slots = [...launches].filter(([launch, slot]) => slot && !launchesOf(room, slot).has(launch));
  for (const slot of new Map(slots.map(([, each]) => [JSON.stringify(each), each])).values()) {
    if (!slot) continue;
    const place = places.find((each) => isSameSlot(each, slot)) ?? { ...slot, port: 0 };
    cleared.push(...(await clearUnlessBusy(room, place, client)));
  }
  return cleared;
}

/** Whoever changes the slot now clears it too. */
async function clearUnlessBusy(room: Room, place: SlotPlace, client: DockerClient): Promise<readonly Orphan[]> {
  try {
    return await withSlotLock({ place, mark: room.mark, waitMs: 0, clock: room.clock }, () =>
      clearSlot(room, place, client),
    );
  } catch (thrown) {
    if (hasCode(thrown, 'lease-held')) return [];
    throw thrown;
  }
}

function list(client: DockerClient, filters: ReturnType<typeof ownFilter>): Promise<Docker.ContainerInfo[]> {
  return client.ask(
    (docker, abortSignal) => docker.listContainers({ all: true, filters, abortSignal } as Docker.ContainerListOptions),
    listMs,
  );
}

function slotOf(found: Readonly<Record<string, string>>): SlotKey | undefined {
  const [service, target, slot] = [found[labels.service], found[labels.target], found[labels.slot]];
  if (service === undefined || target === undefined || (slot !== 'blue' && slot !== 'green')) return undefined;
  return { service, target, slot };
}

const isSameSlot = (one: SlotKey, other: SlotKey): boolean =>
  one.service === other.service && one.target === other.target && one.slot === other.slot;
