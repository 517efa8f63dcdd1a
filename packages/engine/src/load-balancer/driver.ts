// What the folder of a load balancer exports: all that the configuration and the engine know of it. The list of drivers
// is compose/drivers.ts.

import type { z } from 'zod';
import type { BalancerKeys } from '../config/balancer/keys.ts';
import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import type { Finding } from '../config/kit/problems.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { BalancerCapabilities, Counts, LoadBalancer } from './capabilities.ts';
import type { BalancerCore, BalancerSpec } from './load-balancer.ts';

/** Each capability that the driver has is present, with what is known of it before a balancer is created. */
export interface BalancerDriver<
  Keys extends z.ZodType = z.ZodType,
  Settings = unknown,
  Own extends BalancerCore = BalancerCore,
> extends Omit<BalancerCapabilities, 'counts'> {
  /** In the configuration: the value of `loadBalancer.driver`, and the key that its own settings are under. */
  readonly name: string;
  /** For the documentation of the key `driver`. */
  readonly summary: string;
  /** Of a balancer that it created. */
  counts?(balancer: Own): Counts;
  /** Undefined: the driver has no settings. */
  readonly keys?: Keys;
  /** Which settings of the file it does not support. `at`: where its load balancer is in the file. */
  check?(balancer: BalancerDraft, own: Draft<z.infer<Keys>>, at: Path): readonly Finding[];
  /** Where it listens besides `loadBalancer.listen`. */
  listens?(own: Draft<z.infer<Keys>>): readonly { readonly listen: string | number; readonly key: Path }[];
  /** Its own settings with defaults filled in; undefined: it has none. */
  resolve?(own: z.infer<Keys> | undefined, inFolder: (path: string) => string): Settings;
  /** Starts nothing. `settings`: what `resolve` returned. */
  create(parts: BalancerParts<Settings>): Own;
}

/** The balancer with its capabilities. */
export const createBalancer = (driver: BalancerDriver, parts: BalancerParts): LoadBalancer =>
  withCapabilities(driver, driver.create(parts));

export function withCapabilities(
  { weights, sticky, preview, drain, admission, counts }: Pick<BalancerDriver, keyof BalancerCapabilities>,
  balancer: BalancerCore,
): LoadBalancer {
  return { ...balancer, weights, sticky, preview, drain, admission, counts: counts?.(balancer) };
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
