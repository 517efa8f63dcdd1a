// What every function of this driver uses: the state folder, the clock, the log, the Docker hosts of each target.

import { dirname, join } from 'node:path';
import type { SlotKey } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Acting } from '../acting.ts';
import type { InstanceKey, InstancePlace, LaunchSettings, ReleaseFiles } from '../environment.ts';
import { dottedName, numberSuffix } from '../recorded-instances.ts';
import type { DockerClient } from './client.ts';
import { recordFile } from './record.ts';
import type { DockerHost, DockerSettings } from './settings.ts';

export interface Room {
  readonly stateFolder: string;
  /** Identifies the state folder in the labels of containers. */
  readonly mark: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: no lease, as for a command of a person; then no fence is compared. */
  readonly acting?: Acting | undefined;
  readonly settingsOf: (target: Pick<SlotKey, 'service' | 'target'>) => DockerSettings;
  readonly clientOf: (target: Pick<SlotKey, 'service' | 'target'>, host: string) => DockerClient;
  /** The last measurement of each container, to compute how much of a core it used since. */
  readonly looks: Map<string, { readonly cpuNs: number; readonly at: number }>;
}

export interface StartRequest {
  readonly place: InstancePlace;
  readonly host: DockerHost;
  /** Of all instances of the slot, in order. Undefined: the slot has one. */
  readonly ports?: readonly number[] | undefined;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
}

/** Dots, which no name can hold, keep `a-b` of `c` apart from `a` of `b-c`. */
export function logFileOf(room: Pick<Room, 'stateFolder'>, place: InstanceKey): string {
  return join(room.stateFolder, 'logs', `${dottedName(place)}.log`);
}

/** Holds one folder for each start of the instance. */
export function configFolderOf(room: Pick<Room, 'stateFolder'>, place: InstanceKey): string {
  return join(dirname(recordFile(room.stateFolder, place)), `${place.slot}${numberSuffix(place)}.config`);
}

/** The fields by which a log line is found again. */
export function placeFields({
  service,
  target,
  slot,
  instance,
}: InstanceKey): Readonly<Record<string, string | number>> {
  return { service, target, slot, ...(instance === undefined ? {} : { instance }) };
}

/** A host that is no longer configured cannot be asked. @throws BlueGreenError `environment-unreachable` */
export function clientNamed(clients: readonly DockerClient[], name: string): DockerClient {
  const found = clients.find(({ host }) => host.name === name);
  if (found) return found;
  throw new BlueGreenError(
    'environment-unreachable',
    `the configuration no longer names the Docker host ${name}, on which a container of this slot was started`,
    { host: name },
  );
}
