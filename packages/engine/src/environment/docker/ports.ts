// Is the address of a slot free? On this machine the kernel is asked, which also knows who holds it.

import { BlueGreenError } from '../../lib/errors.ts';
import { poll } from '../../lib/poll.ts';
import { describePlace, type InstancePlace } from '../environment.ts';
import { describeHolder, portHolder } from '../port-holder.ts';
import type { DockerClient } from './client.ts';
import { isLocal } from './hosts.ts';
import type { Room } from './room.ts';

const portPatienceMs = 2_000;
const portPollMs = 50;

/** The port of a container that just ended is closed with a small delay. @throws BlueGreenError `port-in-use` */
export async function requireFreePort({ clock }: Room, place: InstancePlace, { host }: DockerClient): Promise<void> {
  if (!isLocal(host)) return;
  const isFree = () => portHolder(place.port) === undefined;
  if (await poll(isFree, { clock, everyMs: portPollMs, limitMs: portPatienceMs })) return;
  const holder = portHolder(place.port);
  if (!holder) return;
  throw new BlueGreenError(
    'port-in-use',
    `port ${place.port} of ${describePlace(place)} is in use by ${describeHolder(holder)}`,
    { port: place.port, ...holder },
  );
}
