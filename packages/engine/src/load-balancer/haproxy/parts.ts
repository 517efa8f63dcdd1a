// What the driver's functions share for one target.

import type { CollectorClient } from './collector-client.ts';
import type { HaproxyOptions, Place } from './options.ts';
import type { RoutingFile } from './routing-file.ts';
import type { Runtime } from './runtime.ts';
import type { Site } from './site.ts';

export interface HaproxyNode {
  readonly name: string;
  readonly entrypoint: string;
  readonly runtime: Runtime;
}

export interface Parts extends HaproxyOptions {
  readonly place: Place;
  readonly site: Site;
  readonly nodes: readonly HaproxyNode[];
  /** Of the managed instance, which is its only node. */
  readonly runtime: Runtime;
  readonly file: RoutingFile;
  readonly collector: CollectorClient;
  /** Made once: 10,000 keyed hashes. */
  readonly buckets: () => Readonly<Record<'bucketOf' | 'tokenOf', string>>;
}
