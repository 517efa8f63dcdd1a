// Where the files of one target's nginx are.

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readOrCreateFile } from '../../lib/file-once.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import type { BalancerSpec } from '../load-balancer.ts';

/** All absolute. */
export interface NginxPlaces {
  readonly folder: string;
  /** What nginx reads for every request. */
  readonly routing: string;
  readonly accessLog: string;
  readonly errorLog: string;
  readonly pid: string;
  readonly temp: string;
  /** The managed nginx's configuration, or the file that an attached one includes. */
  readonly config: string;
  readonly nonce: string;
  /** Read by nginx within a `map`: the bucket of each token, and the token of each bucket. */
  readonly bucketOf: string;
  readonly tokenOf: string;
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
    bucketOf: join(own, 'bucket-of.map'),
    tokenOf: join(own, 'token-of.map'),
  };
}

/** Known to the engine and its nginx only; the same for every process that works on this folder. */
export function nonceOf({ nonce }: NginxPlaces): string {
  return readOrCreateFile(nonce, () => randomBytes(24).toString('hex'));
}

/** Secret, and the same for every process; written again where they are damaged. nginx reads them when it starts. */
export function ensureBucketFiles(places: NginxPlaces, files: Readonly<Record<'bucketOf' | 'tokenOf', string>>): void {
  for (const name of ['bucketOf', 'tokenOf'] as const)
    if (readFileIfAny(places[name]) !== files[name]) writeFileAtomic(places[name], files[name], 0o600);
}

/** Passable for nginx's workers, which may run as another user; secrets in them are files of mode 0600. */
export function ensureFolders({ folder, routing, temp }: NginxPlaces): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  makeFolder(routing);
  mkdirSync(temp, { recursive: true, mode: 0o700 });
}

/** nginx may run as another user: nothing in the routing is secret, everything can be read. */
export function makeFolder(path: string, mode = 0o755): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}
