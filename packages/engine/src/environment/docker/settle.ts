// From the start of a container to the time when it has stayed up long enough to count as started.

import type Docker from 'dockerode';
import { deadline } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace } from '../environment.ts';
import { type DockerClient, isDiskFull, refusalText, statusOf, unreachable } from './client.ts';
import { describeEnd, endedAtOnce } from './exit.ts';
import { findContainer, isUp, observe, type Running, type Seen } from './inspect.ts';
import { copyLog } from './logs.ts';
import { type LiveRecord, writeRecord } from './record.ts';
import type { Room, StartRequest } from './room.ts';
import { removeContainer } from './stop.ts';

export interface Settling {
  readonly client: DockerClient;
  readonly record: LiveRecord;
  /** The line in the log after which this start's output begins. */
  readonly after: string;
}

export interface Settled {
  readonly record: LiveRecord;
  readonly found: Docker.ContainerInspectInfo;
}

const startMs = 60_000;

/** @throws BlueGreenError `start-failed`, `port-in-use` or `exec-not-found`; then the container is gone */
export async function settle(room: Room, request: StartRequest, settling: Settling): Promise<Settled> {
  const { place, settings } = request;
  const { client, record, after } = settling;
  const { id } = record.container;
  try {
    await client.ask((docker, abortSignal) => docker.getContainer(id).start({ abortSignal }), startMs);
  } catch (thrown) {
    if (statusOf(thrown) === undefined) throw thrown;
    const failure = startError(request, client, thrown);
    if (failure.code === 'environment-unreachable') throw failure;
    writeRecord(room, place, { state: 'stopped', lastExit: failure.message, envFiles: record.envFiles });
    throw failure;
  }
  await endOrTime(room, client, id, settings.settleMs);
  const found = await findContainer(client, id);
  if (found && isUp(found.State)) return { found, record: await keepUp(room, request, { client, record, found }) };
  await copyLog(room, place, { client, id, maxBytes: settings.maxLogBytes });
  const exit = found ? describeEnd(found.State) : 'its container was removed';
  writeRecord(room, place, { state: 'stopped', lastExit: exit, envFiles: record.envFiles });
  await removeContainer(client, id);
  throw endedAtOnce(room, { place, version: record.version, exit, envFiles: record.envFiles, after });
}

/** Until it has ended, or for this long. */
async function endOrTime(room: Room, client: DockerClient, id: string, ms: number): Promise<void> {
  const limit = deadline(ms + startMs);
  const waiting = client.ask((docker) => docker.getContainer(id).wait({ abortSignal: limit }), ms + startMs);
  const ended = waiting.then(
    () => undefined,
    // What Docker does not answer here is asked again below.
    () => room.clock.sleep(ms),
  );
  await Promise.race([ended, room.clock.sleep(ms)]);
}

/** From now on Docker starts it again after a crash and after a restart of the machine. */
export async function keepsRunning(client: DockerClient, id: string): Promise<void> {
  await client.ask((docker) => docker.getContainer(id).update({ RestartPolicy: { Name: 'unless-stopped' } } as never));
}

async function keepUp(
  room: Room,
  { place, ports }: StartRequest,
  { client, record, found }: Seen & { record: LiveRecord },
) {
  await keepsRunning(client, found.Id);
  const container = { ...record.container, startedAt: found.State.StartedAt };
  const running: LiveRecord = { ...record, ports, state: 'running', container };
  writeRecord(room, place, running);
  return running;
}

/** The same release runs there already. It may be a moment old, or Docker may have started it again: it is accepted. */
export async function acceptFound(
  room: Room,
  request: StartRequest,
  { record, client, found }: Seen & { record: LiveRecord },
): Promise<Running> {
  const { place, settings } = request;
  const ageMs = Math.max(0, room.clock.now() - Date.parse(found.State.StartedAt));
  if (ageMs < settings.settleMs) await room.clock.sleep(settings.settleMs - ageMs);
  const now = await findContainer(client, found.Id);
  if (now && isUp(now.State)) {
    const kept = await keepUp(room, request, { record, client, found: now });
    return observe(room, kept, { client, found: now });
  }
  await copyLog(room, place, { client, id: found.Id, maxBytes: settings.maxLogBytes });
  const exit = now ? describeEnd(now.State) : 'its container was removed';
  throw endedAtOnce(room, { place, version: record.version, exit, envFiles: record.envFiles });
}

const portTaken = /address already in use|port is already allocated/i;
/** A daemon that is ending says what it cannot reach any more: that says nothing about the release. */
const daemonEnds =
  /containerd\.sock|transport is closing|connection error: desc|code = Unavailable|context canceled|shutting down|libnetwork/i;
const notExecutable = /exec: .*(executable file not found|no such file or directory|permission denied)/i;

function startError({ place, release }: StartRequest, { host }: DockerClient, thrown: unknown): BlueGreenError {
  const said = refusalText(thrown);
  if (portTaken.test(said))
    return new BlueGreenError(
      'port-in-use',
      `port ${place.port} of ${describePlace(place)} is in use on ${host.name}: ${said}`,
      { port: place.port },
      thrown,
    );
  if (daemonEnds.test(said)) return unreachable(host, said, thrown);
  const otherwise = notExecutable.test(said) ? 'exec-not-found' : 'start-failed';
  const code = isDiskFull(said) ? 'resources-short' : otherwise;
  return new BlueGreenError(
    code,
    `${release.version} in ${describePlace(place)} was not started by Docker on ${host.name}: ${said}`,
    {},
    thrown,
  );
}
