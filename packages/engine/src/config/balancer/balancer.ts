// The load balancer of a target: its schema, folded over the drivers that there are, and its settings.

import { z } from 'zod';
import { parseDuration, parseListen } from '../../lib/units.ts';
import type { BalancerDriver } from '../../load-balancer/driver.ts';
import type { AllowList, PreviewRoute, StickyRule } from '../../load-balancer/load-balancer.ts';
import { type Drivers, namesOf, ownOf, requireDriver, summariesOf } from '../drivers.ts';
import { merge } from '../kit/draft.ts';
import { choice } from '../kit/values.ts';
import { balancerKeys, defaultBalancer, defaultPreview, defaultStickyCookie } from './keys.ts';

export function balancerSchema(drivers: Drivers['balancers']) {
  const driver = choice(namesOf(drivers))
    .describe(`Which load balancer. ${summariesOf(drivers)}. Default: ${drivers[0].name}.`)
    .optional();
  const own = drivers.flatMap(({ name, keys }) => (keys ? [[name, keys.optional()] as const] : []));
  // Only the driver knows the type of what is under its name.
  const unknownHere: Record<never, never> = Object.fromEntries(own);
  return z
    .strictObject({ driver, ...balancerKeys, ...unknownHere })
    .describe('What is between the users and the two slots.');
}

type BalancerFile = z.infer<ReturnType<typeof balancerSchema>>;

export interface BalancerSettings {
  readonly driver: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly sticky: StickyRule;
  readonly preview: PreviewRoute | undefined;
  readonly allow: AllowList | undefined;
  readonly requestTimeoutMs: number;
  readonly drainSpreadMs: number;
  /** Probes per node that a receipt needs, all of which must see the expected release. */
  readonly receiptProbes: number;
  /** Whether one line per request is wanted. */
  readonly accessLog: boolean;
  /** Addresses and networks whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Of the head of a request, and of that of an answer. */
  readonly maxHeaderBytes: number;
  /** What the balancer answers itself, for monitors outside. */
  readonly healthPath?: string;
}

/** The driver's own settings are under its name: see `ownOf`. */
export function resolveBalancer(
  file: BalancerFile,
  drivers: Drivers['balancers'],
  inFolder: (path: string) => string,
): BalancerSettings {
  const { listen, sticky, preview, allow, requestTimeout, drainSpread, ...others } = merge(defaultBalancer, file);
  const { receiptProbes, accessLog, trustedProxies, maxHeaderBytes } = others;
  const by = sticky?.by ?? 'cookie';
  const driver = requireDriver(drivers, file.driver ?? drivers[0].name);
  return {
    driver: driver.name,
    listen: parseListen(listen),
    sticky: {
      by,
      name: by === 'address' ? '' : (sticky?.name ?? defaultStickyCookie),
      ...(sticky?.instance ? { instance: true } : {}),
    },
    preview: preview && {
      header: preview.header ?? defaultPreview.header,
      cookie: preview.cookie ?? defaultPreview.cookie,
      token: preview.token,
      host: preview.host?.toLowerCase(),
    },
    allow,
    requestTimeoutMs: parseDuration(requestTimeout),
    drainSpreadMs: parseDuration(drainSpread),
    receiptProbes,
    accessLog,
    trustedProxies,
    maxHeaderBytes,
    ...(file.healthPath === undefined ? {} : { healthPath: file.healthPath }),
    ...ownSettings(driver, file, inFolder),
  };
}

function ownSettings(driver: BalancerDriver, file: BalancerFile, inFolder: (path: string) => string): object {
  return driver.resolve ? { [driver.name]: driver.resolve(ownOf(file, driver.name), inFolder) } : {};
}
