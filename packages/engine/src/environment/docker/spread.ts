// On which host each instance of a slot runs. An instance that is added moves no other one.

import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import type { DockerHost, DockerSettings } from './settings.ts';

type Hosts = Pick<DockerSettings, 'hosts'>;

/** One after the other in turn, each at most so many as it takes. `instance`: from 1. Undefined: all are full. */
export function hostOfInstance({ hosts }: Hosts, instance: number): DockerHost | undefined {
  for (let round = 0, at = 0; round < instance; round += 1) {
    const open = hosts.filter((host) => round < (host.instances ?? instance));
    if (open.length === 0) return undefined;
    if (instance <= at + open.length) return open[instance - at - 1];
    at += open.length;
  }
  return undefined;
}

/** @throws BlueGreenError `resources-short` */
export function requireHost(settings: Hosts, place: InstancePlace): DockerHost {
  const found = hostOfInstance(settings, place.instance ?? 1);
  if (found) return found;
  const most = settings.hosts.reduce((sum, { instances = 0 }) => sum + instances, 0);
  throw new BlueGreenError(
    'resources-short',
    `${describePlace(place)} has no host: environment.docker.hosts take ${most} instances of a slot`,
  );
}
