// Inspects an instance: compares its record with what Docker says. A container that Docker started again by itself is reported
// as ended once, so that a crash is counted; the next start accepts it as it is.

import type Docker from 'dockerode';
import type { InstanceKey, SlotObservation } from '../environment.ts';
import { quoteLines } from '../log-lines.ts';
import { type DockerClient, unlessMissing } from './client.ts';
import { describeEnd } from './exit.ts';
import { copyLog } from './logs.ts';
import { type LiveRecord, liveRecord, readRecord } from './record.ts';
import { logFileOf, type Room } from './room.ts';

export type Running = SlotObservation & { kind: 'running' };
export type ContainerState = Docker.ContainerInspectInfo['State'];

/** @throws BlueGreenError `environment-unreachable`: then nothing is known of the instance */
export async function inspectInstance(room: Room, place: InstanceKey): Promise<SlotObservation> {
  const record = readRecord(room, place);
  if (!record) return { kind: 'stopped', lastLog: [] };
  if (record.state === 'stopped') return stopped(room, place, record.envFiles, { exit: record.lastExit, by: 'engine' });
  const client = room.clientOf(place, record.container.host);
  const found = await findContainer(client, record.container.id);
  if (found) await copyLog(room, place, { client, id: found.Id });
  if (found && isAsStarted(record, found.State)) return observe(room, record, { client, found });
  room.looks.delete(record.container.id);
  return stopped(room, place, record.envFiles, await endOf(client, record, found));
}

export function findContainer(client: DockerClient, id: string): Promise<Docker.ContainerInspectInfo | undefined> {
  return unlessMissing(client.ask((docker) => docker.getContainer(id).inspect()));
}

export const isUp = ({ Running: running, Restarting: restarting }: ContainerState): boolean => running && !restarting;

/** Up since the start that is recorded: Docker changes the time with each start. */
function isAsStarted({ state, container }: LiveRecord, found: ContainerState): boolean {
  return isUp(found) && (state === 'starting' || container.startedAt === found.StartedAt);
}

interface End {
  readonly exit: string;
  readonly by: 'engine' | 'machine' | undefined;
}

async function endOf(
  client: DockerClient,
  record: LiveRecord,
  found: Docker.ContainerInspectInfo | undefined,
): Promise<End> {
  if (!found) return { exit: 'its container was removed', by: undefined };
  if (!found.State.Running && !found.State.Restarting) return { exit: describeEnd(found.State), by: undefined };
  const last = await lastEnd(client, record);
  if (last !== undefined) return { exit: `${last}; Docker started it again`, by: undefined };
  return { exit: 'Docker or its machine was restarted', by: 'machine' };
}

interface DockerEvent {
  readonly Action?: string;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

/** Docker remembers its last events for as long as it runs; the state of a container has only its present start. */
async function lastEnd(client: DockerClient, { container }: LiveRecord): Promise<string | undefined> {
  const since = Math.floor(Date.parse(container.startedAt ?? '') / 1000);
  if (Number.isNaN(since)) return undefined;
  const text = await client.ask(async (docker, abortSignal) => {
    const { SystemTime } = await docker.info();
    // By the clock of the host: up to a later time the answer would not end before it.
    const until = Math.floor(Date.parse(SystemTime) / 1000);
    const filters = { container: [container.id], event: ['die', 'oom'] };
    const stream = await docker.getEvents({ since, until, filters, abortSignal } as object);
    let all = '';
    for await (const chunk of stream) all += String(chunk);
    return all;
  });
  const events = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as DockerEvent);
  const death = events.findLast(({ Action }) => Action === 'die');
  if (!death) return undefined;
  const ExitCode = Number(death.Actor?.Attributes?.exitCode ?? 255);
  return describeEnd({ ExitCode, OOMKilled: events.some(({ Action }) => Action === 'oom') });
}

export function stopped(
  room: Room,
  place: InstanceKey,
  envFiles: readonly string[],
  { exit, by }: End,
): SlotObservation & { kind: 'stopped' } {
  return {
    kind: 'stopped',
    lastExit: exit,
    ...(by === undefined ? {} : { endedBy: by }),
    lastLog: quoteLines(logFileOf(room, place), { envFiles }),
  };
}

export interface Seen {
  readonly client: DockerClient;
  readonly found: Docker.ContainerInspectInfo;
}

export async function observe(room: Room, record: LiveRecord, { client, found }: Seen): Promise<Running> {
  return {
    kind: 'running',
    pid: found.State.Pid,
    id: found.Id.slice(0, 12),
    version: record.version,
    digest: record.digest,
    startedAt: record.startedAt,
    adopted: record.adopted,
    ...(record.startedWith ? { startedWith: record.startedWith } : {}),
    ...(await measure(room, client, found.Id)),
  };
}

type Use = Pick<Running, 'cpuPercent' | 'memoryBytes'>;

async function measure(room: Room, client: DockerClient, id: string): Promise<Use> {
  const stats = await unlessMissing(
    client.ask((docker) =>
      docker.getContainer(id).stats({ stream: false, 'one-shot': true } as { readonly stream: false }),
    ),
  );
  const { cpu_stats: cpu, memory_stats: memory } = (stats ?? {}) as unknown as Partial<Docker.ContainerStats>;
  const usedMemory = (memory?.usage ?? 0) - (memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0);
  const now = { cpuNs: cpu?.cpu_usage?.total_usage ?? 0, at: room.clock.monotonic() };
  const before = room.looks.get(id);
  // Two measurements that are closer than this show nothing: the earlier one stays.
  if (before && now.at - before.at < 100) return { cpuPercent: 0, memoryBytes: usedMemory };
  room.looks.set(id, now);
  const percent = before ? ((now.cpuNs - before.cpuNs) / 1e6 / (now.at - before.at)) * 100 : 0;
  return { cpuPercent: Math.max(0, percent), memoryBytes: usedMemory };
}

/** What the record says of the instance now, with its container where that is up, however often Docker has started it. */
export async function runningContainer(
  room: Room,
  place: InstanceKey,
): Promise<(Seen & { record: LiveRecord }) | undefined> {
  const record = liveRecord(room, place);
  if (!record) return undefined;
  const client = room.clientOf(place, record.container.host);
  const found = await findContainer(client, record.container.id);
  return found && isUp(found.State) ? { record, client, found } : undefined;
}
