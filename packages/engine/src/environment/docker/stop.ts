// Ends the container of an instance: by its stop signal first, then by SIGKILL. Docker must not start it again, so its restart
// policy is taken away before. Done only when Docker shows that nothing is left.

import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstanceKey } from '../environment.ts';
import { type DockerClient, refusalText, statusOf, unlessMissing } from './client.ts';
import { clearConfig } from './config-files.ts';
import { stopSeconds } from './container.ts';
import { describeEnd } from './exit.ts';
import { requireOurs } from './fence.ts';
import { findContainer, isUp } from './inspect.ts';
import { copyLog } from './logs.ts';
import { liveRecord, writeRecord } from './record.ts';
import { placeFields, type Room } from './room.ts';

const killMs = 15_000;
const removeMs = 60_000;
const notModified = 304;
const conflict = 409;

export interface Stopping {
  readonly graceMs: number;
  /** A start whose files stay. */
  readonly keep?: string;
}

/** Under the slot's lock. @throws BlueGreenError `stop-failed`, `environment-unreachable` */
export async function stopInstance(room: Room, place: InstanceKey, { graceMs, keep }: Stopping): Promise<void> {
  const record = liveRecord(room, place);
  if (!record) return;
  const { version, envFiles, container, launch } = record;
  const client = room.clientOf(place, container.host);
  room.log.info({ ...placeFields(place), version }, 'stopping');
  const lastExit = await endContainer(room, place, { client, id: container.id, launch, graceMs });
  room.looks.delete(container.id);
  writeRecord(room, place, { state: 'stopped', lastExit, envFiles });
  await removeContainer(client, container.id);
  clearConfig(room, place, keep);
  room.log.info({ ...placeFields(place), version, lastExit }, 'stopped');
}

interface Ending {
  readonly client: DockerClient;
  readonly id: string;
  /** As recorded; undefined for an adopted container. */
  readonly launch: string | undefined;
  readonly graceMs: number;
}

/** @returns how it ended */
async function endContainer(room: Room, place: InstanceKey, { client, id, launch, graceMs }: Ending): Promise<string> {
  const before = await findContainer(client, id);
  if (!before) return 'its container was removed';
  requireOurs(room, place, { id, launch, found: before.Config.Labels });
  await withoutRestart(client, id);
  const began = room.clock.monotonic();
  const seconds = stopSeconds(graceMs);
  try {
    await client.ask(
      (docker, abortSignal) => docker.getContainer(id).stop({ t: seconds, abortSignal }),
      graceMs + killMs,
    );
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status !== notModified && status !== 404) throw stopFailed(client, place, thrown);
  }
  const tookMs = room.clock.monotonic() - began;
  await copyLog(room, place, { client, id });
  const after = await findContainer(client, id);
  if (after && isUp(after.State)) throw stopFailed(client, place, new Error('it still runs'));
  if (!isUp(before.State)) return describeEnd(before.State);
  const signal = (before.Config as { readonly StopSignal?: string }).StopSignal ?? 'SIGTERM';
  const wasKilled = after?.State.ExitCode === 137 && tookMs >= seconds * 1000 - 100;
  return wasKilled ? `killed (SIGKILL) because it had not ended ${graceMs} ms after ${signal}` : `stopped (${signal})`;
}

async function withoutRestart(client: DockerClient, id: string): Promise<void> {
  await unlessMissing(
    client.ask((docker) => docker.getContainer(id).update({ RestartPolicy: { Name: 'no' } } as never)),
  );
}

function stopFailed({ host }: DockerClient, place: InstanceKey, thrown: unknown): unknown {
  if (thrown instanceof BlueGreenError) return thrown;
  return new BlueGreenError(
    'stop-failed',
    `the container of ${describePlace(place)} on ${host.name} could not be stopped: ${refusalText(thrown)}`,
    {},
    thrown,
  );
}

/** With its anonymous volumes, even if it runs. Does nothing where there is none. */
export async function removeContainer(client: DockerClient, id: string): Promise<void> {
  try {
    await client.ask(
      (docker, abortSignal) => docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
      removeMs,
    );
  } catch (thrown) {
    // Gone, or being removed by another call.
    if (statusOf(thrown) !== 404 && statusOf(thrown) !== conflict) throw thrown;
  }
}
