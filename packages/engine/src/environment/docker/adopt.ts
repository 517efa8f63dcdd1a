// Takes over containers of ours that run in a slot whose record was lost: their labels say what they are.

import type Docker from 'dockerode';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstancePlace, type RunningSlot, type SlotPlace } from '../environment.ts';
import { instancePlaces } from '../instances.ts';
import { recordedPorts } from '../recorded-instances.ts';
import type { DockerClient } from './client.ts';
import { labels } from './container.ts';
import { requireNotLater } from './fence.ts';
import { findContainer, isUp, runningContainer } from './inspect.ts';
import { containersOf } from './leftovers.ts';
import { writeRecord } from './record.ts';
import { placeFields, type Room } from './room.ts';
import { keepsRunning } from './settle.ts';
import { inspectSlot } from './slots.ts';
import { requireHost } from './spread.ts';

interface KnownRelease {
  readonly version: string;
  readonly digest: string;
}

/** Under the slot's lock. @throws BlueGreenError `not-found`, `release-modified` */
export async function adoptSlot(room: Room, place: SlotPlace, known: KnownRelease): Promise<RunningSlot> {
  const settings = room.settingsOf(place);
  const ports = recordedPorts(place);
  let found = 0;
  for (const each of instancePlaces(place)) {
    const client = room.clientOf(place, requireHost(settings, each).name);
    // The record of its start knows more about it than the caller.
    const own = await runningContainer(room, each);
    const running = own?.found ?? (await unrecorded(room, client, each));
    if (!running) continue;
    found += 1;
    if (own) continue;
    requireNotLater(room, each, running.Config.Labels);
    requireSame(each, running, known);
    await keepsRunning(client, running.Id);
    writeRecord(room, each, recordOf(each, running, { client, known, ports }));
    room.log.info({ ...placeFields(each), version: known.version, container: running.Id.slice(0, 12) }, 'adopted');
  }
  const seen = await inspectSlot(room, place);
  if (found > 0 && seen.kind === 'running') return seen;
  throw new BlueGreenError(
    'not-found',
    `nothing listens on port ${place.port} of ${describePlace(place)} that may be adopted: no container with its labels runs on ${settings.hosts.map(({ name }) => name).join(', ')}`,
  );
}

/** The one that was created last: an attempt that was killed may have left another. */
async function unrecorded(
  room: Room,
  client: DockerClient,
  place: InstancePlace,
): Promise<Docker.ContainerInspectInfo | undefined> {
  const number = String(place.instance ?? 1);
  const ours = (await containersOf(room, client, place))
    .filter(({ State, Labels }) => State === 'running' && (Labels[labels.instance] ?? '1') === number)
    .toSorted((one, other) => other.Created - one.Created);
  for (const { Id } of ours) {
    const found = await findContainer(client, Id);
    if (found && isUp(found.State) && portOf(found) === place.port) return found;
  }
  return undefined;
}

const portOf = ({ Config }: Docker.ContainerInspectInfo): number =>
  Number(Config.Env.find((each) => each.startsWith('APPLICATION_PORT='))?.split('=')[1]);

function requireSame(
  place: InstancePlace,
  { Id, Config: { Labels } }: Docker.ContainerInspectInfo,
  { version, digest }: KnownRelease,
): void {
  if (Labels[labels.version] === version && Labels[labels.digest] === digest) return;
  const own = `${Labels[labels.version]} with the digest ${Labels[labels.digest]?.slice(0, 12)}`;
  throw new BlueGreenError(
    'release-modified',
    `container ${Id.slice(0, 12)} in ${describePlace(place)} was started as ${own}, and not as ${version} with ${digest.slice(0, 12)}`,
  );
}

interface Adopting {
  readonly client: DockerClient;
  readonly known: KnownRelease;
  readonly ports: readonly number[] | undefined;
}

function recordOf(
  place: InstancePlace,
  { Id, State, Config: { Labels } }: Docker.ContainerInspectInfo,
  { client, known, ports }: Adopting,
) {
  return {
    state: 'running',
    launch: Labels[labels.launch],
    version: known.version,
    digest: known.digest,
    port: place.port,
    ...(ports ? { ports } : {}),
    startedAt: Date.parse(State.StartedAt),
    adopted: true,
    envFiles: [],
    container: { host: client.host.name, endpointHost: client.host.endpointHost, id: Id, startedAt: State.StartedAt },
  } as const;
}
