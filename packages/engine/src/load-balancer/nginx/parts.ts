// What one target's nginx driver uses, created once.

import type { Clock } from '../../lib/clock.ts';
import { createKeyedMutex, type KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Log } from '../../lib/log.ts';
import { bucketFiles } from '../buckets.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { type AccessLog, createAccessLog } from './access-log.ts';
import { type Asker, createAsker } from './ask.ts';
import { createAttachedNode } from './attached.ts';
import { createHealthProcess, type HealthProcess } from './health/health-process.ts';
import { createInForceMs } from './in-force.ts';
import { createManagedNode } from './managed.ts';
import type { NginxNode } from './node.ts';
import { ensureFolders, type NginxPlaces, nonceOf, placesOf } from './places.ts';
import type { NginxSettings } from './settings.ts';
import { type Site, siteText } from './site.ts';

export interface NginxOptions {
  readonly spec: BalancerSpec;
  readonly settings: NginxSettings;
  /** Absolute; shared by all targets. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NginxParts extends NginxOptions {
  readonly places: NginxPlaces;
  readonly site: Site;
  readonly asker: Asker;
  readonly node: NginxNode;
  readonly health: HealthProcess;
  readonly nonce: string;
  readonly accessLog: AccessLog;
  readonly mutex: KeyedMutex;
  readonly inForceMs: ReturnType<typeof createInForceMs>;
  /** Made once: 10,000 keyed hashes. */
  readonly bucketFiles: () => ReturnType<typeof bucketFiles>;
}

/** @throws `config-invalid` for values that nginx cannot take */
export function partsOf(given: NginxOptions): NginxParts {
  const { settings, folder, clock } = given;
  const places = placesOf(folder, given.spec, settings.mode === 'attached' ? settings.include : undefined);
  ensureFolders(places);
  const secret = nonceOf(places);
  let made: ReturnType<typeof bucketFiles> | undefined;
  const ask = createAsker({ entrypoint: entrypointOf(given.spec.listen), nonce: secret, spec: given.spec });
  const listen = `${given.spec.listen.host}:${given.spec.listen.port}`;
  return {
    ...given,
    places,
    nonce: secret,
    site: siteText({ spec: given.spec, places, nonce: secret, tls: settings.tls, headers: settings.headers }),
    asker: ask,
    node:
      settings.mode === 'managed'
        ? createManagedNode({ program: settings.program, places, asker: ask, listen, clock })
        : createAttachedNode(settings),
    health: createHealthProcess({ spec: given.spec, places, clock }),
    accessLog: createAccessLog(places.accessLog, clock),
    mutex: createKeyedMutex(),
    inForceMs: createInForceMs(clock),
    bucketFiles: () => {
      made ??= bucketFiles(secret, (key, value) => `${key} ${value};`);
      return made;
    },
  };
}

/** Where the engine itself reaches the users' side. */
export function entrypointOf({ host, port }: BalancerSpec['listen']): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
