// What the folder of a load balancer exports: all that the configuration and the engine know of it. The list of drivers
// is compose/drivers.ts.

import type { z } from 'zod';
import type { BalancerKeys } from '../config/balancer/keys.ts';
import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import type { Finding } from '../config/kit/problems.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { BalancerSpec, LoadBalancer } from './load-balancer.ts';

/** What a load balancer may be unable to do. `config check` refuses what needs it, and the plan leaves it out. */
export interface BalancerCapabilities {
  /** Sends a share of the users to one side. */
  readonly weights: boolean;
  /** Keeps a user on one side while users are shared. */
  readonly sticky: boolean;
  /** Counts what each side answered, so that a canary can be judged. */
  readonly counts: boolean;
  /** Sends a user with the token to a side that no other user reaches. */
  readonly preview: boolean;
  /** Refuses the write of an engine that has lost its lease, by itself. */
  readonly fence: boolean;
  /** Closes connections on a side that gets no users any more, one by one. */
  readonly drain: boolean;
}

export interface BalancerDriver<Keys extends z.ZodType = z.ZodType, Settings = unknown> {
  /** In the configuration: the value of `loadBalancer.driver`, and the key that its own settings are under. */
  readonly name: string;
  /** For the documentation of the key `driver`. */
  readonly summary: string;
  readonly can: BalancerCapabilities;
  /** Undefined: the driver has no settings. */
  readonly keys?: Keys;
  /** Which settings of the file it does not support. `at`: where its load balancer is in the file. */
  check?(balancer: BalancerDraft, own: Draft<z.infer<Keys>>, at: Path): readonly Finding[];
  /** Where it listens besides `loadBalancer.listen`. */
  listens?(own: Draft<z.infer<Keys>>): readonly { readonly listen: string | number; readonly key: Path }[];
  /** Its own settings with defaults filled in; undefined: it has none. */
  resolve?(own: z.infer<Keys> | undefined, inFolder: (path: string) => string): Settings;
  /** Starts nothing. `settings`: what `resolve` returned. */
  create(parts: BalancerParts<Settings>): LoadBalancer;
}

export type BalancerDraft = NonNullable<Draft<BalancerKeys>>;

export interface BalancerParts<Settings = unknown> {
  readonly spec: BalancerSpec;
  readonly settings: Settings;
  /** Absolute; the driver stores its files in its own folder below it. */
  readonly stateFolder: string;
  /** Whether one line per request is wanted; a driver may always write one. */
  readonly accessLog: boolean;
  readonly clock: Clock;
  readonly log: Log;
}
