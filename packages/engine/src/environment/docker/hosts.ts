// The Docker hosts of a configuration, and what differs between this machine and another one.

import { isIP } from 'node:net';
import type { DockerHost } from './settings.ts';

/** Shares its file system and its ports with this process. */
export const isLocal = ({ address }: Pick<DockerHost, 'address'>): boolean => address.startsWith('unix:');

/** Where the port of a container is published: never on every address, since Docker passes by the host's firewall. */
export const publishOn = ({ endpointHost }: DockerHost): string => (isIP(endpointHost) ? endpointHost : '127.0.0.1');
