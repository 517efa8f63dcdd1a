// Where one target's nginx keeps its files.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOrCreateFile } from '../../lib/file-once.ts';
import type { BalancerSpec } from '../load-balancer.ts';

/** All absolute. */
export interface NginxPlaces {
  readonly folder: string;
  /** What nginx looks into for every request. */
  readonly routing: string;
  readonly accessLog: string;
  readonly errorLog: string;
  readonly pid: string;
  readonly temp: string;
  /** The managed nginx's configuration, or the file that an attached one includes. */
  readonly config: string;
  readonly nonce: string;
}

export function placesOf(folder: string, { service, target }: BalancerSpec, include?: string): NginxPlaces {
  const own = join(folder, `${service}.${target}`);
  return {
    folder: own,
    routing: join(own, 'routing'),
    accessLog: join(own, 'access.log'),
    errorLog: join(own, 'error.log'),
    pid: join(own, 'nginx.pid'),
    temp: join(own, 'temp'),
    config: include ?? join(own, 'nginx.conf'),
    nonce: join(own, 'probe'),
  };
}

/** Known to the engine and its nginx only; the same for every process that works on this folder. */
export function nonceOf({ nonce }: NginxPlaces): string {
  return readOrCreateFile(nonce, () => randomBytes(24).toString('hex'));
}
